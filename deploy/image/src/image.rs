//! The image: one layer with one program, and what says how to run it.

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::json;

use crate::archive::{Archive, Entry};
use crate::hash::sha256;

/// Who runs where nothing else is said. The control plane gives each tenant a user of its own.
const USER: &str = "10001:10001";

/// Folders that are mounted over; a read-only root cannot grow them.
const FOLDERS: [(&str, u32); 5] =
    [("data/", 0o755), ("run/", 0o755), ("run/polder/", 0o755), ("run/secrets/", 0o755), ("tmp/", 0o1777)];

/// An image to make.
pub struct Image<'a> {
    /// The static program.
    pub program: &'a [u8],
    /// Name and tag.
    pub name: String,
    /// The version of the product.
    pub version: &'a str,
    /// The revision of its source.
    pub revision: &'a str,
    /// The time everything carries, in seconds since 1970.
    pub epoch: i64,
}

impl Image<'_> {
    /// The image's id in hexadecimal, and an archive for `docker load`.
    ///
    /// # Errors
    /// When the program cannot be the only one in an image.
    pub fn archive(&self) -> Result<(String, Vec<u8>)> {
        ensure!(is_static(self.program), "the program is not static: it would not run alone");
        let mut layer = Archive::new(self.epoch);
        for (name, mode) in FOLDERS {
            layer.add(name, mode, &Entry::Folder)?;
        }
        layer.add("polder-tenant", 0o555, &Entry::File(self.program))?;
        let layer = layer.finish();
        let layer_id = sha256(&layer);

        let configuration = serde_json::to_vec(&self.configuration(&layer_id)?)?;
        let id = sha256(&configuration);
        let (file, layer_file) = (format!("{id}.json"), format!("{layer_id}.tar"));
        let manifest = json!([{ "Config": file, "RepoTags": [self.name], "Layers": [layer_file] }]);
        let mut archive = Archive::new(self.epoch);
        archive.add(&file, 0o444, &Entry::File(&configuration))?;
        archive.add(&layer_file, 0o444, &Entry::File(&layer))?;
        archive.add("manifest.json", 0o444, &Entry::File(&serde_json::to_vec(&manifest)?))?;
        Ok((id, archive.finish()))
    }

    /// The time as images and bills spell it (RFC 3339).
    ///
    /// # Errors
    /// When it is no time.
    pub fn created(&self) -> Result<String> {
        Ok(Timestamp::from_second(self.epoch).context("the time")?.to_string())
    }

    fn configuration(&self, layer_id: &str) -> Result<serde_json::Value> {
        let created = self.created()?;
        Ok(json!({
            "architecture": "amd64",
            "os": "linux",
            "created": created,
            "config": {
                "User": USER,
                "Entrypoint": ["/polder-tenant"],
                "WorkingDir": "/data",
                "Labels": {
                    "org.opencontainers.image.title": "polder-tenant",
                    "org.opencontainers.image.version": self.version,
                    "org.opencontainers.image.revision": self.revision,
                    "org.opencontainers.image.licenses": "Apache-2.0",
                },
            },
            "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer_id}")] },
            "history": [{ "created": created, "created_by": "polder-image" }],
        }))
    }
}

/// Whether an ELF program asks for no interpreter, which is what loads shared libraries.
fn is_static(program: &[u8]) -> bool {
    let number = |at: usize, bytes: usize| {
        let field = program.get(at..at + bytes)?;
        Some(field.iter().rev().fold(0_usize, |number, &byte| number << 8 | usize::from(byte)))
    };
    let headers = || {
        let (first, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
        (0..count).map(|n| number(first + n * size, 4)).collect::<Option<Vec<_>>>()
    };
    const INTERPRETER: usize = 3;
    program.starts_with(b"\x7fELF\x02\x01") && headers().is_some_and(|kinds| !kinds.contains(&INTERPRETER))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The smallest that passes for a static program: a header without program headers.
    pub(crate) fn program() -> Vec<u8> {
        let mut program = vec![0; 64];
        program[..6].copy_from_slice(b"\x7fELF\x02\x01");
        program
    }

    fn image(program: &[u8]) -> Image<'_> {
        let name = "polder-tenant:1".to_owned();
        Image { program, name, version: "1", revision: "abc", epoch: 1_700_000_000 }
    }

    #[test]
    fn g28_two_images_of_one_program_are_one() {
        let program = program();
        let (first, second) = (image(&program).archive().unwrap(), image(&program).archive().unwrap());
        assert_eq!(first, second);
        let later = Image { epoch: 1_700_000_001, ..image(&program) };
        assert_ne!(later.archive().unwrap().0, first.0);
    }

    #[test]
    fn g13_only_a_program_that_needs_nothing_beside_it_is_taken() {
        // The tests themselves are linked to shared libraries.
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(image(&own).archive().is_err());
        assert!(image(b"#!/bin/sh\n").archive().is_err());
        let mut interpreted = program();
        interpreted.extend([3, 0, 0, 0]);
        interpreted[32] = 64;
        interpreted[54] = 56;
        interpreted[56] = 1;
        assert!(image(&interpreted).archive().is_err());
    }

    #[test]
    fn g11_the_image_names_a_user_that_is_not_root() {
        let program = program();
        let configuration = image(&program).configuration("layer").unwrap();
        let user = configuration["config"]["User"].as_str().unwrap();
        assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id != 0)));
        let labels = &configuration["config"]["Labels"];
        assert_eq!(labels["org.opencontainers.image.revision"], "abc");
        assert_eq!(labels["org.opencontainers.image.version"], "1");
        assert_eq!(configuration["created"], "2023-11-14T22:13:20Z");
    }
}
