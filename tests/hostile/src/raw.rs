//! System calls as an attacker makes them: by number.

use std::ffi::CString;
use std::io;

use libc::c_long;

/// One argument of a system call.
pub enum Word {
    /// A number, a flag or a descriptor.
    Number(i64),
    /// The address of a text or of bytes.
    Bytes(Vec<u8>),
}

impl From<i64> for Word {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for Word {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::Bytes(CString::new(text).unwrap_or_default().into_bytes_with_nul())
    }
}

impl From<Vec<u8>> for Word {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// Makes the system call `number`.
///
/// # Errors
/// What the kernel says.
pub fn call(number: c_long, words: impl IntoIterator<Item = Word>) -> io::Result<c_long> {
    let mut words: Vec<Word> = words.into_iter().collect();
    words.resize_with(6, || Word::Number(0));
    let mut addresses = [0_i64; 6];
    for (address, word) in addresses.iter_mut().zip(&mut words) {
        *address = match word {
            Word::Number(number) => *number,
            Word::Bytes(bytes) => bytes.as_mut_ptr() as i64,
        };
    }
    plain(number, addresses)
}

/// The same with numbers alone. It takes no memory: a child that was made by a call may make no other.
///
/// # Errors
/// What the kernel says.
#[expect(unsafe_code, reason = "an attacker calls the kernel as it likes; every address is of bytes that live on")]
pub fn plain(number: c_long, [a, b, c, d, e, f]: [i64; 6]) -> io::Result<c_long> {
    // SAFETY: a call that writes is given bytes of its own that are long enough, or is refused before.
    let done = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(done) }
}

/// [`call`], with each argument turned into a word.
#[macro_export]
macro_rules! call {
    ($number:expr $(, $word:expr)* $(,)?) => {
        $crate::raw::call($number, [$($crate::raw::Word::from($word)),*])
    };
}
