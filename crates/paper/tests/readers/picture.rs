//! A page as pixels, and what can be measured on it.

/// A box of a page in pixels: tenths of millimetres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Box2 {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Box2 {
    pub fn width(self) -> usize {
        self.right - self.left
    }

    pub fn height(self) -> usize {
        self.bottom - self.top
    }

    pub fn grown(self, by: usize) -> Box2 {
        Box2 {
            left: self.left.saturating_sub(by),
            top: self.top.saturating_sub(by),
            right: self.right + by,
            bottom: self.bottom + by,
        }
    }

    fn with(self, x: usize, y: usize) -> Box2 {
        Box2 { left: self.left.min(x), top: self.top.min(y), right: self.right.max(x + 1), bottom: self.bottom.max(y + 1) }
    }
}

pub struct Picture {
    pub width: usize,
    pub height: usize,
    pixels: Vec<[u8; 3]>,
}

/// Side of the squares the page is divided into to tell codes apart: more than a gap inside one, less than one between.
const SQUARE: usize = 15;
/// Points skipped when a page is searched for codes: less than the smallest module of one.
const STRIDE: usize = 3;

impl Picture {
    /// Reads the plain format `pdftoppm` writes (P6).
    pub fn read(ppm: &[u8]) -> Picture {
        let mut at = 0;
        let mut word = || {
            let start = at;
            while !ppm[at].is_ascii_whitespace() {
                at += 1;
            }
            at += 1;
            std::str::from_utf8(&ppm[start..at - 1]).expect("a plain head").to_owned()
        };
        let head = [word(), word(), word(), word()];
        assert_eq!(head[0], "P6");
        let (width, height) = (head[1].parse().expect("a width"), head[2].parse().expect("a height"));
        Picture { width, height, pixels: ppm[at..].chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect() }
    }

    pub fn write(&self) -> Vec<u8> {
        let mut out = format!("P6\n{} {}\n255\n", self.width, self.height).into_bytes();
        out.extend(self.pixels.iter().flatten());
        out
    }

    pub fn cropped(&self, place: Box2) -> Picture {
        let rows = place.top..place.bottom.min(self.height);
        let pixels = rows.clone().flat_map(|y| &self.pixels[y * self.width..][place.left..place.right.min(self.width)]);
        Picture { width: place.right.min(self.width) - place.left, height: rows.len(), pixels: pixels.copied().collect() }
    }

    /// The smallest box around all pixels that are so.
    pub fn extent(&self, so: impl Fn([u8; 3]) -> bool) -> Option<Box2> {
        let mut found: Option<Box2> = None;
        for (at, _) in self.pixels.iter().enumerate().filter(|(_, pixel)| so(**pixel)) {
            let (x, y) = (at % self.width, at / self.width);
            found = Some(found.map_or(Box2 { left: x, top: y, right: x + 1, bottom: y + 1 }, |b| b.with(x, y)));
        }
        found
    }

    /// The codes, top to bottom: only they are pure black, text is the house's ink.
    pub fn codes(&self) -> Vec<Box2> {
        let mut boxes: Vec<Box2> = Vec::new();
        for y in (0..self.height).step_by(STRIDE) {
            let row = &self.pixels[y * self.width..(y + 1) * self.width];
            for x in (0..self.width).step_by(STRIDE) {
                if black(row[x]) {
                    join(&mut boxes, x, y);
                }
            }
        }
        joined(boxes).into_iter().map(|rough| self.exact(rough.grown(2 * STRIDE))).collect()
    }

    fn exact(&self, rough: Box2) -> Box2 {
        let inner = self.cropped(rough).extent(black).expect("black was seen here");
        let (x, y) = (rough.left, rough.top);
        Box2 { left: inner.left + x, top: inner.top + y, right: inner.right + x, bottom: inner.bottom + y }
    }
}

fn black([r, g, b]: [u8; 3]) -> bool {
    r < 24 && g < 24 && b < 24
}

fn join(boxes: &mut Vec<Box2>, x: usize, y: usize) {
    let near = |b: &Box2| x + SQUARE >= b.left && x < b.right + SQUARE && y + SQUARE >= b.top && y < b.bottom + SQUARE;
    match boxes.iter_mut().find(|b| near(b)) {
        Some(found) => *found = found.with(x, y),
        None => boxes.push(Box2 { left: x, top: y, right: x + 1, bottom: y + 1 }),
    }
}

/// Boxes that grew into each other are one code.
fn joined(mut boxes: Vec<Box2>) -> Vec<Box2> {
    let mut at = 0;
    while at < boxes.len() {
        let me = boxes[at].grown(SQUARE);
        let touches = |b: &Box2| b.left < me.right && me.left < b.right && b.top < me.bottom && me.top < b.bottom;
        match (at + 1..boxes.len()).find(|other| touches(&boxes[*other])) {
            Some(other) => {
                let b = boxes.remove(other);
                boxes[at] = boxes[at].with(b.left, b.top).with(b.right - 1, b.bottom - 1);
                at = 0;
            }
            None => at += 1,
        }
    }
    boxes.sort_by_key(|b| (b.top, b.left));
    boxes
}
