/// Which page of a list is asked for. Pages count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub number: u32,
    pub size: u32,
}

impl Page {
    /// The size every list starts with.
    pub const DEFAULT_SIZE: u32 = 20;

    /// A page of the default size; page 0 reads as page 1.
    pub fn number(number: u32) -> Page {
        Page { number: number.max(1), size: Page::DEFAULT_SIZE }
    }

    /// Everything on one page, for files and prints.
    pub fn all() -> Page {
        Page { number: 1, size: i32::MAX.unsigned_abs() }
    }

    pub fn offset(self) -> i64 {
        i64::from(self.number - 1) * i64::from(self.size)
    }

    pub fn limit(self) -> i64 {
        i64::from(self.size)
    }
}

/// One page of a list, with how many there are in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged<T> {
    pub items: Vec<T>,
    pub total: u64,
    pub page: Page,
}

impl<T> Paged<T> {
    /// How many pages there are; an empty list has one.
    pub fn pages(&self) -> u32 {
        let pages = self.total.div_ceil(u64::from(self.page.size)).max(1);
        u32::try_from(pages).unwrap_or(u32::MAX)
    }
}
