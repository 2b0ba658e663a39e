//! The pages with blocks that are derived from the lists: `make docs` writes the blocks, and a test checks them.

use super::help;

/// The path of a page, and the function that returns its block.
pub type Page = (&'static str, fn() -> String);

/// All pages with such a block.
pub const PAGES: [Page; 5] = [
    ("README.md", help::targets),
    ("docs/flags.md", help::flags),
    ("docs/health-checks-in-the-wild.md", help::clients),
    ("docs/targets.md", help::targets),
    ("docs/tls-and-grpc.md", || format!("```text\n{}```\n", help::long(true))),
];

const BEGIN: &str = "<!-- `make docs` writes what follows -->\n";
const END: &str = "<!-- up to here -->\n";

/// Returns the page with this block between the marks, or `None` if the page has no marks.
pub fn with_block(page: &str, block: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{block}{END}{after}"))
}
