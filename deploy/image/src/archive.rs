//! Tar archives that are the same every time (POSIX ustar).

use anyhow::{Result, ensure};

/// An archive that grows.
pub struct Archive {
    bytes: Vec<u8>,
    epoch: i64,
}

/// What an entry is.
pub enum Entry<'a> {
    /// A folder.
    Folder,
    /// A file with this in it.
    File(&'a [u8]),
}

impl Archive {
    /// An empty archive whose entries all carry the time `epoch`, in seconds since 1970.
    pub const fn new(epoch: i64) -> Self {
        Self { bytes: Vec::new(), epoch }
    }

    /// Adds an entry that belongs to root.
    ///
    /// # Errors
    /// When the name is too long for the format.
    pub fn add(&mut self, name: &str, mode: u32, entry: &Entry<'_>) -> Result<()> {
        ensure!(name.len() < 100, "{name} is too long for an archive");
        let (kind, content) = match entry {
            Entry::Folder => (b'5', &[][..]),
            Entry::File(content) => (b'0', *content),
        };
        let mut header = [0; 512];
        let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
        put(0, name.as_bytes());
        put(100, format!("{mode:07o}\0").as_bytes());
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, format!("{:011o}\0", content.len()).as_bytes());
        put(136, format!("{:011o}\0", self.epoch).as_bytes());
        put(148, b"        ");
        put(156, &[kind]);
        put(257, b"ustar\x0000");
        // The sum counts its own field as spaces.
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.bytes.extend_from_slice(&header);
        self.bytes.extend_from_slice(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
        Ok(())
    }

    /// The whole archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 1024, 0);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn g28_an_archive_is_read_by_tar() {
        let mut archive = Archive::new(1_700_000_000);
        archive.add("data/", 0o755, &Entry::Folder).unwrap();
        archive.add("program", 0o555, &Entry::File(b"content")).unwrap();
        assert!(archive.add(&"x".repeat(100), 0o555, &Entry::Folder).is_err());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.tar");
        std::fs::write(&file, archive.finish()).unwrap();
        let listed = Command::new("tar").arg("--utc").args(["--numeric-owner", "-tvf"]).arg(&file).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        let lines: Vec<&str> = listed.lines().collect();
        assert!(lines[0].starts_with("drwxr-xr-x 0/0") && lines[0].ends_with("data/"), "{listed}");
        assert!(lines[1].starts_with("-r-xr-xr-x 0/0") && lines[1].contains("2023-11-14 22:13"), "{listed}");
        let read = Command::new("tar").arg("-xOf").arg(&file).arg("program").output().unwrap();
        assert_eq!(read.stdout, b"content");
    }
}
