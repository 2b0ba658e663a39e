//! The entry and the exit of the process, without std's start-up, which a probe does not need.

use std::ffi::{CStr, OsStr, OsString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::arena;
use super::crash::{self, exit};

/// Defines the program, which is `run`: a function from arguments (the program's name first) to an exit code.
///
/// It defines the C symbols that the program provides: its entry and, with musl, the allocator, thread-specific data and
/// `fcntl`. A library that defined them would replace them in every program that links it.
#[macro_export]
macro_rules! program {
    ($run:path) => {
        #[global_allocator]
        static ARENA: $crate::door::Arena = $crate::door::Arena;

        #[unsafe(no_mangle)]
        extern "C" fn main(
            _count: ::std::ffi::c_int,
            arguments: *const *const ::std::ffi::c_char,
        ) -> ::std::ffi::c_int {
            // SAFETY: this is the entry of the process, which the C runtime calls once.
            unsafe { $crate::door::enter(arguments, $run) }
        }

        #[cfg(all(target_env = "musl", target_feature = "crt-static"))]
        mod c_functions {
            use ::std::ffi::{c_int, c_uint, c_ulong, c_void};
            use $crate::door::musl;

            #[unsafe(no_mangle)]
            extern "C" fn malloc(size: usize) -> *mut c_void {
                musl::malloc(size)
            }

            #[unsafe(no_mangle)]
            extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
                musl::calloc(count, size)
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn realloc(pointer: *mut c_void, size: usize) -> *mut c_void {
                // SAFETY: the caller promises a block of this allocator.
                unsafe { musl::realloc(pointer, size) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn free(pointer: *mut c_void) {
                // SAFETY: the caller promises a block of this allocator.
                unsafe { musl::free(pointer) }
            }

            #[unsafe(no_mangle)]
            extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
                musl::aligned_alloc(align, size)
            }

            #[unsafe(no_mangle)]
            extern "C" fn memalign(align: usize, size: usize) -> *mut c_void {
                musl::aligned_alloc(align, size)
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn posix_memalign(place: *mut *mut c_void, align: usize, size: usize) -> c_int {
                // SAFETY: the caller has room for a pointer there.
                unsafe { musl::posix_memalign(place, align, size) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn fcntl(descriptor: c_int, command: c_int, argument: c_ulong) -> c_int {
                // SAFETY: the caller has this argument for the command, or none.
                unsafe { musl::fcntl(descriptor, command, argument) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn pthread_key_create(key: *mut c_uint, _destructor: *mut c_void) -> c_int {
                // SAFETY: the caller has room for a key there.
                unsafe { musl::key_create(key) }
            }

            #[unsafe(no_mangle)]
            extern "C" fn pthread_key_delete(_key: c_uint) -> c_int {
                0
            }

            #[unsafe(no_mangle)]
            extern "C" fn pthread_setspecific(key: c_uint, value: *mut c_void) -> c_int {
                musl::set_specific(key, value)
            }

            #[unsafe(no_mangle)]
            extern "C" fn pthread_getspecific(key: c_uint) -> *mut c_void {
                musl::specific(key)
            }
        }
    };
}

/// Prepares the process, calls `run`, and exits with the code that it returns. Nothing is dropped or flushed at the
/// exit.
///
/// # Safety
///
/// `arguments` is the C runtime's `argv`, and no other thread runs yet.
pub unsafe fn enter(arguments: *const *const c_char, run: fn(Vec<OsString>) -> i32) -> ! {
    #[cfg(all(target_env = "musl", target_feature = "crt-static"))]
    super::musl::protect_relocations();
    crash::handle_signals();
    arena::populate();
    ARGUMENTS.store(arguments.cast_mut(), Ordering::Relaxed);
    let code = run(self::arguments());
    exit(code)
}

/// The C runtime's `argv`, which lives as long as the process.
static ARGUMENTS: AtomicPtr<*const c_char> = AtomicPtr::new(ptr::null_mut());

/// Returns the arguments that the program was started with, of which the first is its name.
pub fn arguments() -> Vec<OsString> {
    match ARGUMENTS.load(Ordering::Relaxed) {
        none if none.is_null() => Vec::new(),
        // SAFETY: `enter` stores the C runtime's `argv`, and nothing else does.
        arguments => unsafe { collect(arguments) },
    }
}

/// Returns the arguments, of which the first is the program's name.
///
/// # Safety
///
/// `arguments` is an array of C strings with a null pointer at its end.
unsafe fn collect(mut arguments: *const *const c_char) -> Vec<OsString> {
    let mut collected = Vec::new();
    // SAFETY: no read goes past the array's null pointer, and every other element is a C string.
    unsafe {
        while !(*arguments).is_null() {
            collected.push(OsStr::from_bytes(CStr::from_ptr(*arguments).to_bytes()).to_owned());
            arguments = arguments.add(1);
        }
    }
    collected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_end_at_the_null_pointer() {
        let texts = [c"lprobe", c"", c"tcp://:1", c"\xff"];
        for count in 0..=texts.len() {
            let pointers: Vec<_> = texts[..count].iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect();
            // SAFETY: C strings, and a null pointer at the end.
            let collected = unsafe { collect(pointers.as_ptr()) };
            let expected = texts[..count].iter().map(|text| OsStr::from_bytes(text.to_bytes()));
            assert!(collected.iter().map(OsString::as_os_str).eq(expected));
        }
    }
}
