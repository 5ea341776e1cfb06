//! A disk that is small enough to be filled.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// A file system of a few megabytes; it goes when dropped.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts one of so many megabytes. `None` where this user may not mount: that is said past the
    /// capture of test output.
    pub fn mount(megabytes: u32, test: &str) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            let _ = writeln!(std::io::stderr(), "NOT TRIED: {test}: only root mounts a small disk");
            return Ok(None);
        }
        let folder = tempfile::tempdir()?;
        let options = format!("size={megabytes}m,mode=700");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(folder.path()).status()?;
        ensure!(mounted.success(), "a small disk cannot be mounted");
        Ok(Some(Self { folder }))
    }

    /// A folder on it.
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Takes all the space there is.
    pub fn fill(&self) -> Result<()> {
        let mut file = File::create(self.ballast())?;
        for size in [1 << 20, 1 << 12] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
        ensure!(fs::write(self.at("one-more"), [1; 8192]).is_err(), "the disk is not full");
        let _ = fs::remove_file(self.at("one-more"));
        Ok(())
    }

    /// Gives it back.
    pub fn free(&self) -> Result<()> {
        fs::remove_file(self.ballast()).context("the ballast")
    }

    fn ballast(&self) -> PathBuf {
        self.at("ballast")
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}
