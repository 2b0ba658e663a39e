//! docs/messages.md has every message of the program, with its cause and its cure, and none that is gone.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprMethodCall, ItemFn, ItemMod, LitByteStr, LitStr, Macro, Meta, Token};

use crate::support::repository;
use lprobe::door::help;

/// What prints no message: help and documents, and names for the compiler.
const OTHER_TEXTS: [&str; 6] =
    ["cli/help.rs", "cli/manual.rs", "cli/options.rs", "cli/pages.rs", "target/scheme.rs", "sys/musl.rs"];

/// The texts of a file that are in code, apart from tests and from what a bug would print.
#[derive(Default)]
struct Texts(BTreeSet<String>);

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => attribute.path().is_ident("test"),
    })
}

impl<'ast> Visit<'ast> for Texts {
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.visit_expr(&call.receiver);
        if call.method != "expect" {
            call.args.iter().for_each(|argument| self.visit_expr(argument));
        }
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        let name = called.path.segments.last().expect("a name").ident.to_string();
        if name.contains("assert") || ["panic", "unreachable"].contains(&&*name) {
            return;
        }
        if let Ok(arguments) = called.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            arguments.iter().for_each(|argument| self.visit_expr(argument));
        }
    }

    /// The lines of handlers, which can't allocate. What else is of bytes is a protocol's.
    fn visit_lit_byte_str(&mut self, text: &'ast LitByteStr) {
        if let Some(line) = text.value().strip_suffix(b"\n").filter(|line| line.starts_with(b"lprobe: ")) {
            self.0.insert(String::from_utf8(line.to_vec()).expect("UTF-8"));
        }
    }

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        self.0.insert(text.value());
    }
}

/// The messages of the program: each text in the code with two words and a space, unless the help has it. What has fewer words is a
/// frame for others, or is filled in.
fn messages() -> BTreeSet<String> {
    let mut texts = Texts::default();
    let source = repository("src");
    files(&source, &mut |path| {
        let name = path.strip_prefix(&source).expect("it is inside").to_str().expect("UTF-8");
        if !OTHER_TEXTS.contains(&name) {
            let code = fs::read_to_string(path).expect("a file");
            texts.visit_file(&syn::parse_file(&code).unwrap_or_else(|error| panic!("{name}: {error}")));
        }
    });
    let help = [help::long(true), help::flags()].concat();
    texts
        .0
        .iter()
        .map(|text| shown(text))
        .filter(|text| text.contains(' ') && has_words(text) && !is_for_code(text) && !help.contains(text.as_str()))
        .collect()
}

/// Whether a text is a table, or an option with its value.
fn is_for_code(text: &str) -> bool {
    let first = text.split(' ').next().unwrap_or_default();
    text.contains('\n') || first.starts_with("--") && first.contains('=')
}

/// Whether a text has two words, and is not only a frame for others.
fn has_words(text: &str) -> bool {
    text.split(|character: char| !character.is_ascii_alphabetic()).filter(|word| word.len() > 1).count() > 1
}

fn files(folder: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files(&path, each),
            false => each(&path),
        }
    }
}

/// A text as the page shows it: `…` for each value that is filled in, and no space at an end.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        shown += before;
        match after.strip_prefix('{') {
            Some(after) => {
                shown.push('{');
                rest = after;
            }
            None => {
                shown.push('…');
                rest = after.split_once('}').map_or("", |(_, after)| after);
            }
        }
    }
    shown += rest;
    shown.replace("}}", "}").trim().to_owned()
}

/// The messages in the tables of the page: the first column of each row, which has several where they have one cause.
fn explained(page: &str) -> Vec<&str> {
    let (_, tables) = page.split_once("\n## ").expect("a section");
    let rows = tables.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.flat_map(|row| row.split_once("` | ").expect("a column").0.split("`<br>`")).collect()
}

#[test]
fn the_page_has_every_message_and_none_that_is_gone() {
    let page = fs::read_to_string(repository("docs/messages.md")).expect("the page");
    let (messages, explained) = (messages(), explained(&page));
    let missing: Vec<_> = messages.iter().filter(|message| !explained.contains(&message.as_str())).collect();
    assert!(missing.is_empty(), "docs/messages.md has no row for {missing:#?}");
    let gone: Vec<_> = explained.iter().filter(|message| !messages.contains(**message)).collect();
    assert!(gone.is_empty(), "no code has {gone:#?}");
    let once: BTreeSet<_> = explained.iter().collect();
    assert_eq!(once.len(), explained.len(), "a message has two rows");
    assert!(messages.len() > 200, "{} messages", messages.len());
}

#[test]
fn a_text_is_shown_without_the_names_of_what_is_filled_in() {
    assert_eq!(shown("no {awaiting} within {:?} ms "), "no … within … ms");
    assert_eq!(shown("${{{name}:-default}} gives"), "${…:-default} gives");
    assert!(has_words("not UTF") && !has_words("{}: {} a"));
}
