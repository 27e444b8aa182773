//! What a drawing may be made of. What stands in none of these tables is refused.

pub(super) const SVG: &str = "http://www.w3.org/2000/svg";
pub(super) const XLINK: &str = "http://www.w3.org/1999/xlink";

/// Elements that are kept: shapes, groups, colours, and the words beside them. No pictures, no text in typefaces that a
/// reader may lack, no copies of copies, nothing that moves or runs.
pub(super) const ELEMENTS: [&str; 16] = [
    "svg",
    "g",
    "defs",
    "title",
    "desc",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "clipPath",
    "linearGradient",
    "radialGradient",
    "stop",
];

/// Elements that hold words.
pub(super) const WORDED: [&str; 2] = ["title", "desc"];

/// An element that says nothing to the eye: it is left out with all it holds.
pub(super) const LEFT_OUT: &str = "metadata";

/// Where the notes of drawing programs stand, elements and attributes: they are left out.
pub(super) const NOTES: [&str; 3] = ["http://www.inkscape.org/", "http://sodipodi.sourceforge.net/", "http://ns.adobe.com/"];

/// Attributes that are kept: places, sizes, colours.
#[rustfmt::skip]
pub(super) const ATTRIBUTES: [&str; 52] = [
    "id", "viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "fr", "d", "points",
    "offset", "transform", "gradientTransform", "gradientUnits", "spreadMethod", "clipPathUnits", "preserveAspectRatio", "fill",
    "fill-rule", "fill-opacity", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit",
    "stroke-dasharray", "stroke-dashoffset", "stroke-opacity", "opacity", "color", "clip-path", "clip-rule", "stop-color",
    "stop-opacity", "display", "visibility", "overflow", "paint-order", "vector-effect", "shape-rendering", "pathLength", "isolation",
];

/// Attributes that say nothing to the eye here: they are left out.
pub(super) const SILENT: [&str; 9] =
    ["version", "baseProfile", "class", "role", "lang", "space", "enable-background", "focusable", "tabindex"];
