//! `polder audit verify`: an exported log, verified with nothing but the file and what was kept elsewhere.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use polder_audit::exported::{Check, Found, Kept, Unlike};
use serde_json::Value;

use super::told::told;
use crate::cli::exit::{BROKEN, Refused};
use crate::cli::show::Look;

/// A line that is longer was not written by a tenant.
const LONGEST_LINE: u64 = 4 << 20;
/// A key or a checkpoint that is longer is none.
const LONGEST_KEPT: u64 = 64 << 10;

/// Options of `polder audit verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The file that `polder audit export --format chain` wrote; `-` for standard input.
    file: PathBuf,
    /// A file with the public key of the log: a JWK, or a checkpoint with its key. Without one the file's own is taken.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A file with a checkpoint of before, as `polder audit checkpoint` printed it: it shows when the log was rewritten
    /// since, or its end cut off.
    #[arg(long, value_name = "FILE")]
    kept: Option<PathBuf>,
}

/// Verifies the file. What was found is shown whether it is whole or not.
///
/// # Errors
/// When there is nothing to verify: no file, or one of another kind.
pub fn verify(options: &Verify) -> Result<(Value, Look, Option<Refused>), Refused> {
    let kept = options.kept()?;
    let found = if options.file == Path::new("-") {
        check(io::stdin().lock(), kept)
    } else {
        let file = File::open(&options.file).map_err(|error| unreadable(&options.file, &error))?;
        check(BufReader::new(file), kept)
    };
    let found = found.map_err(|why| match why {
        Problem::Input(error) => unreadable(&options.file, &error),
        Problem::Unlike(Unlike::List) => Refused::usage(
            "this is a list of events, which is no chain: it leaves out what hashes are made of, and a filtered one \
             leaves out events. `polder audit export --format chain` writes what can be verified",
        ),
        Problem::Unlike(Unlike::Strange) => {
            Refused::usage("this is no exported log: `polder audit export --format chain` writes one")
        }
    })?;
    let refused = found.broken.as_ref().map(|broken| Refused(BROKEN, super::told::broken(broken)));
    let answer = serde_json::to_value(&found).map_err(|error| Refused(1, error.to_string()))?;
    Ok((answer, Look::Text(shown), refused))
}

/// What was found, in plain words.
pub fn shown(found: &Value) -> String {
    told(found)
}

impl Verify {
    /// What was kept elsewhere. A checkpoint's own key counts, unless another is given.
    fn kept(&self) -> Result<Kept, Refused> {
        let one = |file: &Option<PathBuf>| {
            file.as_deref().map(|file| {
                let text = limited(File::open(file).map_err(|error| unreadable(file, &error))?)
                    .map_err(|error| unreadable(file, &error))?;
                Kept::parse(&text).map_err(|error| Refused::usage(format!("{}: {error}", file.display())))
            })
        };
        let (key, kept) = (one(&self.key).transpose()?, one(&self.kept).transpose()?.unwrap_or_default());
        if self.kept.is_some() && kept.signature.is_none() {
            return Err(Refused::usage("--kept is a checkpoint, as `polder audit checkpoint` prints it"));
        }
        match key.map(|key| key.key.ok_or_else(|| Refused::usage("--key holds no key"))) {
            Some(key) => Ok(Kept { key: Some(key?), ..kept }),
            None => Ok(kept),
        }
    }
}

fn limited(file: File) -> io::Result<String> {
    let mut text = String::new();
    file.take(LONGEST_KEPT).read_to_string(&mut text)?;
    Ok(text)
}

fn unreadable(file: &Path, error: &io::Error) -> Refused {
    Refused(1, format!("{}: {error}", file.display()))
}

enum Problem {
    Input(io::Error),
    Unlike(Unlike),
}

/// Line by line: the file may be longer than memory.
fn check(mut input: impl BufRead, kept: Kept) -> Result<Found, Problem> {
    let (mut check, mut line) = (Check::new(kept), Vec::new());
    while !check.is_broken() {
        line.clear();
        let read = (&mut input).take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(Problem::Input)?;
        if read == 0 {
            break;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        // What is no text cannot be read either way: the line is named.
        check.line(&String::from_utf8_lossy(text)).map_err(Problem::Unlike)?;
    }
    check.finish().map_err(Problem::Unlike)
}
