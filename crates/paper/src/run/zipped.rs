use std::io::{self, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An archive of papers, each a file of its own with all its marks. Papers are compressed already: they are stored as they
/// are, and the same papers give the same archive.
pub struct ZipOfPapers<W: Write + Seek> {
    zip: ZipWriter<W>,
}

impl<W: Write + Seek> ZipOfPapers<W> {
    pub fn new(to: W) -> ZipOfPapers<W> {
        ZipOfPapers { zip: ZipWriter::new(to) }
    }

    /// Adds a paper under a name of its own.
    ///
    /// # Errors
    /// Those of the writer; a name that is there already.
    pub fn add(&mut self, name: &str, pdf: &[u8]) -> io::Result<()> {
        let stored = SimpleFileOptions::DEFAULT.compression_method(CompressionMethod::Stored);
        self.zip.start_file(name, stored)?;
        self.zip.write_all(pdf)
    }

    /// Writes the table of contents; without it the archive cannot be opened.
    pub fn finish(self) -> io::Result<W> {
        Ok(self.zip.finish()?)
    }
}
