//! The input is a command line, an argument a line.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use lprobe::door::{BadTarget, Command, Probe, Target, parse};

/// A command, or a refusal that is one printable line.
pub fn accepts(input: &[u8]) -> bool {
    let program = std::iter::once(OsString::from("lprobe"));
    let arguments = input.split(|&byte| byte == b'\n').map(|argument| OsString::from_vec(argument.to_vec()));
    match parse(program.chain(arguments).collect()).1 {
        Ok(Command::Probe(plan)) => {
            assert!(!plan.checks.is_empty() && !plan.timeout.is_zero());
            for check in &plan.checks {
                let printed = match &check.probe {
                    // What is logged is without the query.
                    Probe::Http(http) => http.target.to_string(),
                    #[cfg(feature = "full")]
                    Probe::Grpc(grpc) => grpc.target.to_string(),
                    probe => probe.to_string(),
                };
                match printed.parse::<Target>() {
                    Ok(again) => assert_eq!(again.to_string(), printed),
                    // `--service` takes the names that targets do not.
                    Err(BadTarget::Service) => {}
                    Err(reason) => panic!("{printed}: {reason}"),
                }
            }
            true
        }
        Ok(Command::ShortHelp | Command::Help | Command::Version) => true,
        Ok(Command::Install(copies)) => {
            copies.names.iter().chain(&copies.clients).all(|path| path.file_name().is_some())
        }
        Ok(Command::Sealed(_) | Command::Alert(_)) => unreachable!("this program is not sealed"),
        Err(refusal) => {
            let line = refusal.to_string();
            assert!(!line.is_empty() && line.len() < 1000, "{} bytes", line.len());
            assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line:?}");
            false
        }
    }
}
