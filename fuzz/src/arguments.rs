//! The input is a command line, an argument a line.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

#[cfg(feature = "full")]
use lprobe::bad_target::BadTarget;
use lprobe::cli::{self, Command};
use lprobe::target::Target;

/// A command, or a refusal that is one printable line.
pub fn accepts(input: &[u8]) -> bool {
    let arguments = input.split(|&byte| byte == b'\n').map(|argument| OsString::from_vec(argument.to_vec()));
    match cli::parse(arguments.collect()) {
        Ok(Command::Probe(plan)) => {
            assert!(!plan.targets.is_empty() && !plan.timeout.is_zero());
            for target in &plan.targets {
                let printed = target.to_string();
                match printed.parse::<Target>() {
                    Ok(again) => assert_eq!(again.to_string(), printed),
                    // `--service` takes the names that targets do not.
                    #[cfg(feature = "full")]
                    Err(BadTarget::Service) => {}
                    Err(reason) => panic!("{printed}: {reason}"),
                }
            }
            true
        }
        Ok(Command::Print(text)) => text.ends_with('\n'),
        Ok(Command::Install(path)) => !path.as_os_str().is_empty(),
        Err(refusal) => {
            let line = refusal.to_string();
            assert!(!line.is_empty() && line.len() < 1000, "{} bytes", line.len());
            assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line:?}");
            false
        }
    }
}
