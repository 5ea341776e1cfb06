//! Taking everything: processes, memory, files, space, time (G12).

use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::call;
use crate::raw::plain;
use crate::report::Report;

/// More processes than anybody may have.
const MANY: usize = 4096;

/// Makes processes until it is told to stop, and says how many there were.
pub fn processes(report: &mut Report) {
    let mut made = Vec::new();
    let ended = loop {
        match plain(libc::SYS_fork, [0; 6]) {
            Ok(0) => wait_for_ever(),
            Ok(child) => made.push(child),
            Err(error) => break error.to_string(),
        }
        if made.len() >= MANY {
            break "never".to_owned();
        }
    };
    let count = made.len();
    // Long enough to see how the neighbours fare meanwhile.
    std::thread::sleep(Duration::from_secs(1));
    for child in made {
        drop(call!(libc::SYS_kill, child, libc::SIGKILL));
        drop(call!(libc::SYS_wait4, child, 0, 0, 0));
    }
    let said = format!("{count} made, then: {ended}");
    if count > 200 {
        report.reached("more processes than there may be", said);
    } else {
        report.refused("processes", said);
    }
}

/// Takes memory in a child until that is killed; this process is the container's and must live.
pub fn memory(report: &mut Report) {
    let took = c"/data/took-two-gigabytes";
    let (writable, own) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    match plain(libc::SYS_fork, [0; 6]) {
        Ok(0) => {
            for _ in 0..64 {
                // Populated, or it would not be there.
                let flags = i64::from(own | libc::MAP_POPULATE);
                drop(plain(libc::SYS_mmap, [0, 32 << 20, i64::from(writable), flags, -1, 0]));
            }
            drop(plain(libc::SYS_mkdir, [took.as_ptr() as i64, 0o700, 0, 0, 0, 0]));
            wait_for_ever()
        }
        Ok(child) => {
            let (began, took) = (Instant::now(), took.to_string_lossy().into_owned());
            while began.elapsed() < Duration::from_secs(30) && fs::metadata(&took).is_err() {
                if matches!(call!(libc::SYS_wait4, child, 0, libc::WNOHANG, 0), Ok(ended) if ended > 0) {
                    return report.refused("two gigabytes of memory", "killed");
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            drop(call!(libc::SYS_kill, child, libc::SIGKILL));
            report.reached("two gigabytes of memory", "held");
        }
        Err(error) => report.reached("no child to try memory with", error),
    }
}

/// Opens files until it is told to stop.
pub fn open_files(report: &mut Report) {
    let mut held = Vec::new();
    let ended = loop {
        match File::open("/polder-tenant") {
            Ok(file) => held.push(file),
            Err(error) => break error.to_string(),
        }
        if held.len() > 100_000 {
            break "never".to_owned();
        }
    };
    let said = format!("{} open, then: {ended}", held.len());
    if held.len() > 5000 { report.reached("more files than may be open", said) } else { report.refused("files", said) }
}

/// Writes to its log.
pub fn log(megabytes: u64) {
    let line = [b'x'; 1023];
    let mut out = std::io::stdout().lock();
    for _ in 0..megabytes * 1024 {
        drop(out.write_all(&line));
        drop(out.write_all(b"\n"));
    }
}

/// Fills a folder up to so many megabytes.
pub fn fill(report: &mut Report, words: &Value) {
    let (folder, most) = (words["folder"].as_str().unwrap_or("/tmp"), words["megabytes"].as_u64().unwrap_or(1));
    let path = format!("{folder}/filling");
    let mut written = 0;
    let ended = File::create(&path).and_then(|mut file| {
        while written < most {
            file.write_all(&[1; 1 << 20])?;
            written += 1;
        }
        Ok(())
    });
    let said = format!("{written} MB, then: {ended:?}");
    if words["keep"] != true {
        drop(fs::remove_file(&path));
    }
    if written < most {
        report.refused(&format!("fill {folder}"), said);
    } else {
        report.reached(&format!("fill {folder}"), said);
    }
}

/// Keeps a processor busy in more threads than there are processors.
pub fn spin(time: Duration) {
    let until = Instant::now() + time;
    let busy: Vec<_> = (0..16)
        .map(|_| {
            std::thread::spawn(move || {
                while Instant::now() < until {
                    std::hint::spin_loop();
                }
            })
        })
        .collect();
    for thread in busy {
        drop(thread.join());
    }
}

/// Folders within folders, deeper than any path can name, and links to where it should not go.
pub fn nest(report: &mut Report, deep: u64) {
    let mut folder = call!(libc::SYS_open, "/data", libc::O_DIRECTORY, 0);
    for level in 0..deep {
        let Ok(open) = folder else { return report.reached("a deep folder could not be made", level) };
        drop(call!(libc::SYS_mkdirat, open, "deeper", 0o700));
        drop(call!(libc::SYS_symlinkat, "/", open, "root"));
        folder = call!(libc::SYS_openat, open, "deeper", libc::O_DIRECTORY, 0);
        drop(call!(libc::SYS_close, open));
    }
    report.refused("a deep folder", deep);
}

fn wait_for_ever() -> ! {
    loop {
        drop(plain(libc::SYS_pause, [0; 6]));
    }
}
