//! The examples, with what their comments have in place of the code above.

/// The example with the health check that a comment has which refers to docs/node.md.
pub fn with_watch(text: &str) -> String {
    with_other_check(text, "as docs/node.md says:")
}

/// Dockerfile.example with an open probe, as its comments have it.
pub fn opened(text: &str) -> String {
    let copy = "COPY --from=build /src/dist/lprobe /lprobe";
    assert!(text.contains(&format!("\n# {copy}\n")), "it has no open probe in a comment");
    with_other_check(&text.replace(&format!("# {copy}"), copy), "by an open probe:")
}

/// The example with the health check of a comment in place of the one above that: the comment ends like this, and the lines of
/// code are after it.
fn with_other_check(text: &str, end: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let refers = |line: &&str| line.trim_start().starts_with("# Or ") && line.ends_with(end);
    let comment = lines.iter().position(refers).expect("such a comment");
    let indent = &lines[comment][..lines[comment].find('#').expect("a comment")];
    let mark = format!("{indent}# ");
    let code = lines[comment + 1..].iter().map_while(|line| line.strip_prefix(&mark));
    let code: Vec<_> = code.take_while(|line| !line.starts_with("Or ")).collect();
    let name = code.first().and_then(|line| line.split_inclusive([' ', ':', '=']).next()).expect("code");
    let beginning = format!("{indent}{name}");
    let before = lines[..comment].iter().rposition(|line| line.starts_with(&beginning)).expect("a check");
    let after = &lines[comment + 1 + code.len()..];
    let code = code.iter().map(|line| format!("{indent}{line}"));
    let all = lines[..before].iter().map(ToString::to_string).chain(code).chain(after.iter().map(ToString::to_string));
    all.map(|line| line + "\n").collect()
}
