//! The data that the kernel passes at exec: the environment and the program's path.

#[cfg(target_os = "linux")]
use std::ffi::OsStr;
use std::ffi::{CStr, c_char};
use std::io;
use std::iter;
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Returns the names of the environment variables that begin with `prefix`, without it. std would copy every variable first.
pub fn variables(prefix: &'static CStr) -> impl Iterator<Item = &'static [u8]> {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    let length = prefix.count_bytes();
    // SAFETY: nothing changes the environment.
    let mut variable = unsafe { environ };
    iter::from_fn(move || {
        // SAFETY: the environment is null, or an array of C strings with a null pointer at its end.
        unsafe {
            while !variable.is_null() && !(*variable).is_null() {
                let text = *variable;
                variable = variable.add(1);
                if libc::strncmp(text, prefix.as_ptr(), length) == 0 {
                    return CStr::from_ptr(text.add(length)).to_bytes().split(|&byte| byte == b'=').next();
                }
            }
        }
        None
    })
}

/// Returns the name that the kernel has for this container: gethostname(2).
pub fn hostname() -> Vec<u8> {
    let mut name = vec![0; 65];
    // SAFETY: the buffer is as long as is said. A failure leaves it as it is: an empty name.
    unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len()) };
    name.truncate(name.iter().position(|&byte| byte == 0).unwrap_or_default());
    name
}

/// Returns the path that this program was started with. Linux passes it at exec, so that no /proc is needed.
///
/// # Errors
///
/// The system does not pass the path.
pub fn program() -> io::Result<PathBuf> {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: getauxval reads data of the kernel, and AT_EXECFN, if it is present, is a C string.
        unsafe {
            let path = libc::getauxval(libc::AT_EXECFN) as *const c_char;
            if path.is_null() {
                return Err(io::ErrorKind::NotFound.into());
            }
            Ok(OsStr::from_bytes(CStr::from_ptr(path).to_bytes()).into())
        }
    }
    #[cfg(not(target_os = "linux"))]
    std::env::current_exe()
}
