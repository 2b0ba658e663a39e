//! The fuzz targets' seeds, through the targets' own code: a seed that has lost its meaning would leave its target to
//! search in the dark.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[path = "../../fuzz/src/lib.rs"]
pub mod fuzz;

type Accepts = fn(&[u8]) -> bool;

const TARGETS: &[(&str, Accepts)] = &[
    ("arguments", fuzz::arguments::accepts),
    ("exchange", fuzz::exchange::accepts),
    ("expand", fuzz::expand::accepts),
    ("response", fuzz::response::accepts),
    ("target", fuzz::target::accepts),
    #[cfg(feature = "full")]
    ("decoders", fuzz::decoders::accepts),
    #[cfg(feature = "full")]
    ("http2", fuzz::http2::accepts),
];

fn names_in(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder);
    let name = |path: &Path| path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned();
    fs::read_dir(folder).expect("a folder").map(|entry| name(&entry.expect("an entry").path())).collect()
}

#[test]
fn every_seed_is_taken_as_its_name_says() {
    for (target, accepts) in TARGETS {
        let folder = format!("corpus/{target}");
        let mut kinds = BTreeSet::new();
        for name in names_in(&folder) {
            let kind = name.split('-').next().expect("a first part");
            let good = match kind {
                "good" => true,
                "bad" => false,
                "full" => cfg!(feature = "full"),
                _ => panic!("{folder}/{name} is neither good nor bad"),
            };
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(&folder).join(&name);
            assert_eq!(accepts(&fs::read(path).expect("a file")), good, "{folder}/{name}");
            kinds.insert(good);
        }
        assert_eq!(kinds.len(), 2, "{folder} has good and bad ones");
    }
}

#[cfg(feature = "full")]
#[test]
fn every_fuzz_target_has_seeds_and_is_tried_here() {
    let tried: BTreeSet<String> = TARGETS.iter().map(|(target, _)| (*target).to_owned()).collect();
    assert_eq!(names_in("fuzz_targets"), tried);
    assert_eq!(names_in("corpus"), tried);
}
