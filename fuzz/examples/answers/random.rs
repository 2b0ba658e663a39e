//! Numbers that look random, and depend on nothing but the seed and the number of the answer.

/// SplitMix64: <https://prng.di.unimi.it/splitmix64.c>.
pub struct Random(u64);

impl Random {
    /// Begins for answer `number`.
    pub fn new(seed: u64, number: u64) -> Self {
        let mut seed = Self(seed);
        Self(seed.next() ^ Self(number).next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Returns a number less than `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Returns a number from `from` to `to`.
    pub fn between(&mut self, from: usize, to: usize) -> usize {
        from + self.below(to - from + 1)
    }

    /// Returns true once in `many` times.
    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub fn byte(&mut self) -> u8 {
        self.next() as u8
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// Returns one of `good`, and once in `many` times one of `odd`.
    pub fn mostly<T: Clone>(&mut self, good: &[T], odd: &[T], many: usize) -> T {
        if self.one_in(many) { self.pick(odd) } else { self.pick(good) }
    }

    /// Returns up to `most` of these characters.
    pub fn text(&mut self, of: &[u8], most: usize) -> Vec<u8> {
        (0..self.between(0, most)).map(|_| self.pick(of)).collect()
    }

    /// Returns how an answer of this length is cut into pieces.
    pub fn pieces(&mut self, length: usize) -> Vec<usize> {
        match self.below(4) {
            0 | 1 => vec![usize::MAX],
            // An answer in single bytes is read in as many turns.
            2 => vec![self.between(1, 16).max(length / 512)],
            _ => vec![self.between(1, length.max(1)), self.between(1, 64).max(length / 512)],
        }
    }
}
