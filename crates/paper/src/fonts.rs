//! The typefaces: those of the portal's pages, copied from the frontend's package by `build.rs`.

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

const FACES: [&[u8]; 5] = [
    include_bytes!(concat!(env!("OUT_DIR"), "/text-regular.ttf")),
    include_bytes!(concat!(env!("OUT_DIR"), "/text-semibold.ttf")),
    include_bytes!(concat!(env!("OUT_DIR"), "/text-bold.ttf")),
    include_bytes!(concat!(env!("OUT_DIR"), "/code-regular.ttf")),
    include_bytes!(concat!(env!("OUT_DIR"), "/code-bold.ttf")),
];

/// The parsed faces and their catalogue.
pub(crate) struct Fonts {
    pub faces: Vec<Font>,
    pub book: LazyHash<FontBook>,
}

impl Fonts {
    pub fn load() -> Fonts {
        let faces: Vec<Font> =
            FACES.iter().map(|face| Font::new(Bytes::new(*face), 0).expect("the embedded typefaces are sound")).collect();
        let book = LazyHash::new(FontBook::from_fonts(&faces));
        Fonts { faces, book }
    }

    /// Whether every face can draw the character, so that no style leaves a hole in a name.
    pub fn can_draw(&self, c: char) -> bool {
        self.faces.iter().all(|face| face.info().coverage.contains(u32::from(c)))
    }
}
