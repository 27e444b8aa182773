//! The rows of each file as values.

mod canteen;
mod causes;
mod money;
mod registry;
mod rules;
mod school;
mod tenant;

pub(crate) use canteen::*;
pub(crate) use causes::*;
pub(crate) use money::*;
pub(crate) use registry::*;
pub(crate) use rules::*;
pub(crate) use school::*;
pub(crate) use tenant::*;
