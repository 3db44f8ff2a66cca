//! Chance that can be had again: one seed a test, printed; `HOSO_SEED` gives it again.

use std::time::Duration;

/// A small generator (splitmix64); clones made by `fork` go their own ways.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new() -> Self {
        let given = std::env::var_os("HOSO_SEED").and_then(|text| text.to_str()?.parse().ok());
        let seed = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
        println!("HOSO_SEED={seed} plays this again");
        Self(seed)
    }

    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A moment, up to this many milliseconds away: that it is random is the point.
    pub(crate) async fn moment(&mut self, milliseconds: u64) {
        tokio::time::sleep(Duration::from_millis(self.below(milliseconds))).await;
    }

    pub(crate) fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        let mut mixed = Vec::with_capacity(items.len());
        while !items.is_empty() {
            let at = usize::try_from(self.below(items.len() as u64)).unwrap();
            mixed.push(items.swap_remove(at));
        }
        mixed
    }
}
