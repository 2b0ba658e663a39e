//! The pages that show what is derived from the lists: `make docs` writes the blocks, and a test holds them.

use super::help;

/// A page, and what its block shows.
pub type Page = (&'static str, fn() -> String);

/// Every page with such a block.
pub const PAGES: [Page; 3] = [
    ("README.md", || format!("```text\n{}```\n", help::short(false))),
    ("docs/flags.md", help::table),
    ("docs/tls-and-grpc.md", || format!("```text\n{}```\n", help::long(true))),
];

const BEGIN: &str = "<!-- `make docs` writes what follows -->\n";
const END: &str = "<!-- up to here -->\n";

/// Returns the page with this block between the marks, if it has the marks.
pub fn with_block(page: &str, block: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{block}{END}{after}"))
}
