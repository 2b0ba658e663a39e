//! Which name was meant by one that is misspelt.

/// Returns the name that is most similar to `name`, and how similar they are by Jaro's measure, from 0 to 1.
pub fn most_similar(name: &str, known: &mut dyn Iterator<Item = &'static str>) -> (&'static str, f64) {
    let mut best = ("", 0.0);
    for known in known {
        let similarity = strsim::jaro(name, known);
        if similarity > best.1 {
            best = (known, similarity);
        }
    }
    best
}
