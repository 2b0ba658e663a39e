//! Slips of the pen.

use crate::random::Random;

/// Makes a few slips. `words` are bytes that mean something to the protocol.
pub fn slips(random: &mut Random, bytes: &mut Vec<u8>, words: &[u8]) {
    for _ in 0..random.between(1, 3) {
        let byte = if random.one_in(2) { random.pick(words) } else { random.byte() };
        let mut places = [(); 3].map(|()| random.below(bytes.len() + 1));
        places.sort_unstable();
        let [from, middle, to] = places;
        let inside = from < bytes.len();
        match random.below(9) {
            0 => bytes.insert(from, byte),
            1 if inside => drop(bytes.remove(from)),
            2 if inside => bytes[from] = byte,
            3 if inside => bytes[from] ^= 1 << random.below(8),
            4 if inside => bytes[from] = bytes[from].wrapping_add(random.pick(&[1, 0xff])),
            5 => drop(bytes.splice(from..from, bytes[from..middle].to_vec())),
            6 => bytes.truncate(to),
            7 => bytes[from..to].rotate_left(middle - from),
            _ => drop(bytes.drain(from..middle)),
        }
    }
}
