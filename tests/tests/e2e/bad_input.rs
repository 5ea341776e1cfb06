//! What an operator can get wrong: one clear line, a non-zero exit, nothing half-written.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::Result;
use polder_tests::Polder;
use polder_tests::polder::{free_port, program};

fn dev(data: &Path, listen: u16, coaching: u16, more: &[&str]) -> Result<Output> {
    let mut command = Command::new("timeout");
    command.arg("60").arg(program("polder")).arg("dev").arg("--data").arg(data);
    command.args(["--listen", &format!("127.0.0.1:{listen}"), "--coaching-listen", &format!("127.0.0.1:{coaching}")]);
    Ok(command.args(more).output()?)
}

/// Fails with one line on standard error that names what is wrong.
fn assert_refused(output: &Output, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.status.code() != Some(124), "{:?}: {text}", output.status);
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    assert_eq!(lines.len(), 1, "one clear line, not:\n{text}");
    for word in words {
        assert!(lines[0].to_lowercase().contains(word), "{word:?} is not in: {}", lines[0]);
    }
    assert!(!lines[0].contains("panicked") && !lines[0].contains("Error {"), "{}", lines[0]);
}

fn ports() -> Result<(u16, u16)> {
    Ok((free_port()?, free_port()?))
}

#[test]
fn a_taken_port_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port();
    let data = folder.path().join("polder");
    assert_refused(&dev(&data, port, free_port()?, &[])?, &[&port.to_string(), "in use"]);
    assert!(!data.join("dev.json").exists() && !data.join("control.db").exists(), "nothing half-written");
    assert_refused(&dev(&data, free_port()?, port, &[])?, &[&port.to_string(), "in use"]);
    Ok(())
}

#[test]
fn listening_beyond_loopback_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let output = Command::new("timeout")
        .arg("30")
        .arg(program("polder"))
        .arg("dev")
        .arg("--data")
        .arg(folder.path().join("p"))
        .args(["--listen", "0.0.0.0:0"])
        .output()?;
    assert_refused(&output, &["loopback"]);
    Ok(())
}

#[test]
fn a_foreign_folder_is_left_alone() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("thesis.txt"), "years of work")?;
    let (listen, coaching) = ports()?;
    assert_refused(&dev(folder.path(), listen, coaching, &[])?, &["not a data folder of polder"]);
    assert_eq!(std::fs::read_dir(folder.path())?.count(), 1, "nothing was written");
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_written_is_named() -> Result<()> {
    let (listen, coaching) = ports()?;
    // A file where the folder should be cannot be written to even by root.
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    std::fs::write(&file, "")?;
    assert_refused(&dev(&file.join("polder"), listen, coaching, &[])?, &["folder"]);
    Ok(())
}

#[test]
fn bad_settings_are_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (listen, coaching) = ports()?;
    for (more, word) in [(["--isolation", "chroot"], "chroot"), (["--database", "mysql://x"], "database")] {
        let output = dev(&folder.path().join("polder"), listen, coaching, &more)?;
        let text = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(!output.status.success() && text.contains(word), "{text}");
    }
    assert!(!folder.path().join("polder").exists(), "nothing half-written");
    Ok(())
}

#[test]
fn another_address_and_a_damaged_database_and_a_second_start_are_refused() -> Result<()> {
    let mut polder = Polder::start_with(&[])?;
    let (listen, coaching) = ports()?;
    assert_refused(&dev(&polder.data, listen, coaching, &[])?, &[]);
    polder.stop()?;
    assert_refused(&dev(&polder.data, listen, coaching, &[])?, &["listen"]);
    let database = polder.data.join("control.db");
    let mut bytes = std::fs::read(&database)?;
    for byte in bytes.iter_mut().skip(200) {
        *byte ^= 0x5a;
    }
    std::fs::write(&database, bytes)?;
    let text = polder.start_again().err().map(|e| e.to_string()).unwrap_or_default();
    assert!(text.to_lowercase().contains("damaged"), "{text}");
    Ok(())
}
