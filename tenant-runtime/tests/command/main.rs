//! The program from the command line: what it refuses, in one line, and that it leaves nothing behind.

#![cfg(test)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        assert!(folder.run(&["seal-key", folder.path("seal").to_str().unwrap()]).status.success());
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_polder-tenant")).args(arguments).stdin(Stdio::null()).output().unwrap()
    }

    fn serving(&self, data: &Path, seal: &str, issuer: &str, listen: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_polder-tenant"));
        command.arg("--data").arg(data).arg("--seal-key").arg(self.path(seal));
        command.args(["--issuer", issuer, "--listen", listen, "--smtp", "smtp://127.0.0.1:1"]);
        command.args(["--mail-from", "id@example.test", "--lifeline"]);
        command
    }

    /// Serves to no avail.
    #[track_caller]
    fn refused(&self, data: &str, listen: &str, expected: &str) {
        let output = self.serving(&self.path(data), "seal", "http://127.0.0.1:1", listen).output().unwrap();
        said(&output, expected);
    }
}

#[track_caller]
fn said(output: &Output, expected: &str) {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(text.lines().count(), 1, "one line: {text}");
    assert!(text.contains(expected), "{text}");
}

/// A free port, and something that holds on to a taken one.
fn taken() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[test]
fn a_port_that_is_taken_is_said_and_nothing_is_written() {
    let folder = Folder::new();
    let (_held, address) = taken();
    folder.refused("data", &address, "in use");
    let written = std::fs::read_dir(folder.path("data")).map_or(0, Iterator::count);
    assert_eq!(written, 0, "at most the empty folder that it confined itself to");
}

#[test]
fn a_foreign_and_a_damaged_folder_are_left_as_they_are() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("foreign")).unwrap();
    std::fs::write(folder.path("foreign/letter.txt"), "dear").unwrap();
    folder.refused("foreign", "127.0.0.1:0", "not a tenant's data folder");
    assert_eq!(std::fs::read_dir(folder.path("foreign")).unwrap().count(), 1);
    std::fs::create_dir(folder.path("damaged")).unwrap();
    std::fs::write(folder.path("damaged/tenant.db"), [7; 8192]).unwrap();
    folder.refused("damaged", "127.0.0.1:0", "tenant.db");
    assert_eq!(std::fs::read(folder.path("damaged/tenant.db")).unwrap(), [7; 8192]);
}

#[test]
fn bad_settings_and_an_unreachable_database_are_said() {
    let folder = Folder::new();
    folder.refused("data", "nonsense", "IP:PORT");
    let seal = folder.path("seal");
    let seal = seal.to_str().unwrap();
    let common =
        ["--seal-key", seal, "--listen", "127.0.0.1:0", "--smtp", "smtp://127.0.0.1:1", "--mail-from", "a@b.test"];
    let database = ["--database", "postgres://x:hidden@127.0.0.1:1/x", "--issuer", "http://127.0.0.1:1"];
    let output = folder.run(&[&common[..], &database].concat());
    said(&output, "cannot be reached");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hidden"), "F16");
    let data = folder.path("data");
    let issuer = ["--data", data.to_str().unwrap(), "--issuer", "http://example.com"];
    assert_eq!(folder.run(&[&common[..], &issuer].concat()).status.code(), Some(2));
    assert!(!data.exists());
    assert!(!folder.run(&["seal-key", seal]).status.success(), "a seal key is never overwritten");
}

fn add(folder: &Folder, more: &[&str]) -> Output {
    let (data, seal) = (folder.path("data"), folder.path("seal"));
    let store = ["application", "add", "--data", data.to_str().unwrap(), "--seal-key", seal.to_str().unwrap()];
    let application = ["--name", "Coach", "--type", "web", "--redirect-uri", "http://localhost:8700/cb"];
    folder.run(&[&store[..], &application, more].concat())
}

fn started(mut command: Command) -> Child {
    let child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    child
}

#[test]
fn b18_an_application_is_added_to_a_tenant_at_rest_and_its_secret_is_shown_once() {
    let folder = Folder::new();
    said(&add(&folder, &[]), "give --issuer");
    assert!(!folder.path("data").exists());
    said(&add(&folder, &["--issuer", "http://127.0.0.1:1", "--id-token-alg", "none"]), "--id-token-alg");
    let added = add(&folder, &["--issuer", "http://127.0.0.1:1", "--id-token-alg", "ES256"]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let text = String::from_utf8(added.stdout).unwrap();
    let secret = text.lines().find_map(|line| line.strip_prefix("client_secret=")).unwrap();
    assert!(text.contains("client_id=") && secret.len() == 43, "256 bits");
    for file in std::fs::read_dir(folder.path("data")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[test]
fn a_running_tenant_keeps_its_folder_its_issuer_and_its_seal_key_and_ends_with_its_parent() {
    let folder = Folder::new();
    let data = folder.path("data");
    let mut running = started(folder.serving(&data, "seal", "http://127.0.0.1:1", "127.0.0.1:0"));
    folder.refused("data", "127.0.0.1:0", "another polder-tenant is using");
    said(&add(&folder, &[]), "another polder-tenant is using");
    drop(running.stdin.take());
    assert!(running.wait().unwrap().success(), "the lifeline was cut");

    let other_issuer = folder.serving(&data, "seal", "http://127.0.0.1:2", "127.0.0.1:0").output().unwrap();
    said(&other_issuer, "belongs to issuer http://127.0.0.1:1");
    folder.run(&["seal-key", folder.path("other").to_str().unwrap()]);
    let other_key = folder.serving(&data, "other", "http://127.0.0.1:1", "127.0.0.1:0").output().unwrap();
    said(&other_key, "seal key does not open this database");
}

#[test]
fn g17_a_stopped_tenant_gets_a_new_seal_key() {
    let folder = Folder::new();
    let (data, seal) = (folder.path("data"), folder.path("seal"));
    let (data, file) = (data.to_str().unwrap(), seal.to_str().unwrap());
    let add = ["application", "add", "--data", data, "--seal-key", file, "--issuer", "http://127.0.0.1:1"];
    let add = [&add[..], &["--name", "x", "--type", "machine"]].concat();
    assert!(folder.run(&add).status.success());
    let old = std::fs::read_to_string(&seal).unwrap();
    let rotate = ["rotate-seal-key", "--data", data, "--seal-key", file];
    let done = folder.run(&rotate);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let new = std::fs::read_to_string(&seal).unwrap();
    assert!(new != old && new.len() == old.len() && !folder.path("seal.next").exists());
    assert!(folder.run(&add).status.success(), "it opens with the new one");
    // With the old one, restored, it does not; and no new key is made for it.
    std::fs::write(folder.path("restored"), &old).unwrap();
    let wrong = folder.path("restored");
    let refused = folder.run(&["rotate-seal-key", "--data", data, "--seal-key", wrong.to_str().unwrap()]);
    said(&refused, "seal key does not open");
    assert!(!folder.path("restored.next").exists());
    // Interrupted after the data keys were wrapped: run again, it ends.
    std::fs::rename(&seal, folder.path("seal.next")).unwrap();
    std::fs::write(&seal, &old).unwrap();
    assert!(folder.run(&rotate).status.success());
    assert_eq!(std::fs::read_to_string(&seal).unwrap(), new);
}
