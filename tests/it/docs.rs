//! What the README says is so: its blocks are the files' and the program's own words, and those are tested.

use std::fs;
use std::process::Command;

use crate::support::examples::opened;
use crate::support::{FULL, NAME, have_tools, repository, run};
use lprobe::door::{options, pages, personality};

fn read(file: &str) -> String {
    fs::read_to_string(repository(file)).expect("it is in the repository")
}

/// The README's blocks of a kind, without their fences.
fn blocks(kind: &str) -> Vec<String> {
    let readme = read("README.md");
    let fence = format!("```{kind}\n");
    let blocks: Vec<_> = readme
        .split(&fence)
        .skip(1)
        .map(|block| block.split_once("```").expect("an end of the block").0.to_owned())
        .collect();
    assert!(!blocks.is_empty(), "no block of {kind}");
    blocks
}

/// slow/image.rs builds with them, and engine.rs runs the example.
#[test]
fn the_health_check_is_that_of_the_example() {
    let example = opened(&read("Dockerfile.example"));
    let (_, stage) = example.split_once("\nFROM scratch\n").expect("a final stage");
    let block = &blocks("dockerfile")[0];
    let check = &block[block.find("HEALTHCHECK ").expect("a health check")..];
    assert!(stage.contains(check), "{check:?} is not in Dockerfile.example's final stage");
}

#[test]
fn the_blocks_of_the_pages_are_up_to_date() {
    for (path, render) in pages::PAGES {
        let page = read(path);
        assert_eq!(pages::with_block(&page, &render()).as_ref(), Some(&page), "{path} is out of date: run `make docs`");
    }
}

/// As engine.rs sees it in `docker inspect`.
#[test]
fn the_line_of_a_failed_check_is_the_one_that_is_tested() {
    let [line] = &blocks("text")[..1] else { unreachable!("there is one") };
    let tested = read("tests/it/engine.rs");
    assert!(tested.contains(&format!("\"1 {}\"", line.trim_end())), "{line}");
}

#[test]
fn the_commands_are_the_makefiles() {
    let makefile = read("Makefile");
    for line in blocks("console").concat().lines() {
        let target = line.strip_prefix("$ make ").expect("a make command");
        assert!(makefile.contains(&format!("\n{target}:")), "{target} is no target");
    }
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_security_policy_names_what_is_there() {
    let page = read("SECURITY.md");
    let links: Vec<_> = page.split("](").skip(1).map(|link| link.split_once(')').expect("an end").0).collect();
    assert!(links.len() > 10, "{links:?}");
    for file in links {
        assert!(repository(file).is_file(), "{file}");
    }
    let (makefile, readme) = (read("Makefile"), read("README.md"));
    for target in ["reproduce", "miri"] {
        assert!(page.contains(&format!("`make {target}`")) && makefile.contains(&format!("\n{target}:")), "{target}");
    }
    for file in ["lprobe.cdx.json", "SHA256SUMS"] {
        assert!(page.contains(file) && repository("dist").join(file).is_file(), "{file}");
    }
    assert!(readme.contains("`make reproduce`") && read(".ci/run").contains("\nmake reproduce\n"));
}

#[test]
fn the_picture_of_the_modules_is_up_to_date_and_has_no_circle() {
    if !have_tools(&["python3"]) {
        return;
    }
    let outcome = run(Command::new(repository("scripts/modules")).arg("--check"));
    assert!(outcome.status.success(), "{}", outcome.stderr);
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_pictures_of_a_probe_and_of_the_demo_are_up_to_date() {
    if !have_tools(&["python3"]) {
        return;
    }
    let outcome = run(Command::new(repository("scripts/pictures")).arg("--check"));
    assert!(outcome.status.success(), "{}", outcome.stderr);
}

/// Those of other tools, whose table is written by hand.
#[test]
fn the_page_of_flags_compares_every_flag_of_another_tool() {
    let page = read("docs/flags.md");
    let (_, table) = page.split_once("## Flags of other tools").expect("the comparison");
    for flag in personality::PERSONALITIES.iter().flat_map(|personality| personality.flags) {
        assert!(table.contains(&format!("\n| `--{} ", flag.name)), "--{} has no row in docs/flags.md", flag.name);
    }
}

/// The lines that a peer gets are ones that a test of that peer expects.
#[test]
fn the_table_of_peers_is_what_is_tested() {
    let tests: String = ["tls", "tls_files", "openssl", "trust", "http2", "grpc", "wrong_answers"]
        .map(|file| read(&format!("tests/it/full/{file}.rs")))
        .concat();
    let page = read("docs/tls-and-grpc.md");
    let (_, table) = page.split_once("## Peers").expect("the table");
    for outcome in table.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.split(" | ").nth(1)) {
        for said in outcome.split('`').skip(1).step_by(2) {
            assert!(tests.contains(said), "no test expects {said:?}");
        }
    }
}

/// What `make dist` leaves beside the binary is made from the same list of options.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn man_page_and_completions_have_every_option() {
    let page = format!("{NAME}.1");
    let files = [
        (&page, "\\-\\-"),
        (&format!("{NAME}.bash"), "--"),
        (&format!("_{NAME}"), "--"),
        (&format!("{NAME}.fish"), "-l "),
    ];
    for (file, dashes) in files {
        let text = read(&format!("dist/{file}"));
        let own = options::OPTIONS.iter().filter(|option| option.group != options::Group::OtherTool);
        for name in own.filter(|option| option.is_available()).map(|option| option.name) {
            let name = if *file == page { name.replace('-', "\\-") } else { name.into() };
            assert!(text.contains(&format!("{dashes}{name}")), "{file} lacks {name}");
        }
        assert!(FULL || *file == page || !text.contains("tls"), "{file} offers what this build refuses");
    }
    let flag =
        read(&format!("dist/{NAME}.fish")).lines().find(|line| line.contains("-l ipv6")).expect("a flag").to_owned();
    assert!(!flag.contains(" -r"), "a flag takes nothing: {flag}");
    let values = read(&format!("dist/_{NAME}"));
    assert!(values.contains(":USER\\:PASSWORD:") && values.contains(":(GET HEAD OPTIONS POST PUT)"), "{values}");
    for (program, arguments) in [
        ("man", &["--warnings", "-l", &page][..]),
        ("mandoc", &["-T", "lint", &page]),
        ("zsh", &["-n", &format!("_{NAME}")]),
    ] {
        if !have_tools(&[program]) {
            continue;
        }
        let outcome = run(Command::new(program).args(arguments).current_dir(repository("dist")).env("MANWIDTH", "80"));
        assert!(outcome.status.success() && outcome.stderr.is_empty(), "{program}: {outcome:?}");
        assert!(program != "mandoc" || outcome.stdout.is_empty(), "{outcome:?}");
    }
}

/// Each line's completions begin with this one, as bash and fish say.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn completions_offer_options_their_values_and_install() {
    let offers = [
        ("--tim", "--timeout"),
        ("ins", "install"),
        ("--method PU", "PUT"),
        (":8080 --fol", "--follow"),
        ("install --se", "--seal"),
        ("install --trip", "--tripwire"),
        ("install --tim", ""),
    ];
    for (line, offered) in offers {
        let last = line.rsplit(' ').next().expect("a word");
        let function = NAME.replace('-', "__");
        // Bash sets these variables, and calls the function with the program, the word and the one before.
        let bash = format!(
            "source {NAME}.bash; COMP_WORDS=({NAME} {line}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
            _{function}_or_install {NAME} '{last}' \"${{COMP_WORDS[COMP_CWORD - 1]}}\" 2>/dev/null; echo \"$COMPREPLY\""
        );
        let fish = format!("source {NAME}.fish; complete -C '{NAME} {line}'");
        for (program, arguments) in [("bash", &["-c", &bash][..]), ("fish", &["--no-config", "--command", &fish])] {
            if !have_tools(&[program]) {
                continue;
            }
            let outcome = run(Command::new(program).args(arguments).current_dir(repository("dist")));
            assert!(outcome.stdout.starts_with(offered) && outcome.stderr.is_empty(), "{program}, {line}: {outcome:?}");
            assert!(!offered.is_empty() || outcome.stdout.trim().is_empty(), "{program}, {line}: {outcome:?}");
        }
    }
    let zsh = read(&format!("dist/_{NAME}"));
    assert!(zsh.contains("'1::target:((install") && zsh.contains("'--seal["), "{zsh}");
}

/// Each practice has its line where the page says, and its test.
#[test]
fn the_practices_are_lines_and_tests() {
    let mut tests = String::new();
    for folder in ["tests/it", "tests/it/slow"] {
        let files = fs::read_dir(repository(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
        for file in files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
            tests += &fs::read_to_string(file).expect("it is there");
        }
    }
    let page = read("docs/hardening.md");
    let (practices, _) = page.split_once("\n## ").expect("a section behind the table");
    let rows: Vec<Vec<_>> = practices
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
        .map(|row| row.trim_matches(['|', ' ']).split(" | ").collect())
        .collect();
    assert!(rows.len() > 12, "the table has its rows");
    for row in rows {
        let [_, _, line, file, test] = row[..] else { panic!("five columns: {row:?}") };
        let line = line.trim_matches('`');
        let file_has_it = read(file).lines().any(|text| text.contains(line) && !text.starts_with("| "));
        assert!(file_has_it, "{line} is not in {file}");
        let test = test.trim_matches('`');
        assert!(tests.contains(&format!("#[test]\nfn {test}()")), "there is no test {test}");
    }
}

/// It follows the practice that lprobe exists for.
#[test]
fn the_example_is_hardened() {
    let example = read("Dockerfile.example");
    let instructions: Vec<_> =
        example.lines().filter(|line| !line.starts_with(['#', ' ']) && !line.is_empty()).collect();
    let (_, stage) = example.split_once("\nFROM scratch\n").expect("the final stage is from scratch");
    assert!(stage.contains("\nUSER 65532:65532\n"), "it runs as someone who is not root");
    assert!(stage.contains("\n    CMD [\"/healthcheck\"]\n"), "the health check is in exec form");
    for instruction in instructions {
        assert!(!instruction.starts_with("ADD"), "COPY does no more than is meant: {instruction}");
        if let Some(base) = instruction.strip_prefix("FROM ") {
            assert!(base.starts_with("scratch") || base.starts_with("${"), "a base image is pinned by an ARG: {base}");
        }
        if let Some(argument) = instruction.strip_prefix("ARG ") {
            let (_, tag) = argument.split_once(':').expect("a tag");
            let numbers = tag.split(['.', '-']).take_while(|number| number.parse::<u32>().is_ok()).count();
            assert_eq!(numbers, 3, "{argument} pins no version");
        }
    }
    assert!(read("scripts/dist").contains("cargo rustc --quiet --locked "), "it builds what is locked");

    let build = example.split_once("AS build\n").and_then(|(_, rest)| rest.split_once("\nFROM")).expect("two stages").0;
    let copies = build.lines().filter_map(|line| line.strip_prefix("COPY "));
    let copied = copies.flat_map(|files| files.rsplit_once(' ').expect("a place").0.split(' '));
    let ignored = read(".dockerignore");
    let mut ignored = ignored.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(ignored.next(), Some("*"), "the context is only what is named");
    let named: Vec<_> = ignored.map(|line| line.strip_prefix('!').expect("a file")).collect();
    assert_eq!(named, copied.collect::<Vec<_>>());
}
