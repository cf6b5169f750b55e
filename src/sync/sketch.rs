//! Finding out in what two large sets differ, at a cost in proportion to the difference.
//!
//! Rateless invertible Bloom lookup tables, after Yang, Gilad and Alizadeh, *Practical Rateless Set Reconciliation*
//! (2024). A sketch is an endless row of cells; each item is in cell 0 and in ever fewer of the later ones, as a number
//! drawn from it tells. Cells of two sets subtract, so what both have vanishes; a cell in which one item is left gives it
//! away, and so empties others. Some 1.4 cells are needed for each item of the difference, whatever the size of the sets.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::SubAssign;

use crate::codec::{DecodeError, Input, Output, Wrong};

/// What is compared: a live fact.
///
/// The tag says which it is, and the value's hash what it says. Only liars make two values of one fact, and 16 bits tell
/// these apart nearly always; the sum of all facts tells the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub(super) tag: u64,
    pub(super) value: u16,
}

/// Some items, of which it can only be told whether they are none or exactly one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    count: i64,
    tags: u64,
    values: u16,
    checks: u32,
}

impl Cell {
    fn of(item: Item, salt: u64) -> Self {
        Cell { count: 1, tags: item.tag, values: item.value, checks: check(item, salt) }
    }

    fn is_empty(&self) -> bool {
        *self == Cell::default()
    }

    /// The only item, and whether it was counted or subtracted. It is one that belongs into this cell.
    fn only(&self, at: usize, salt: u64) -> Option<(Item, bool)> {
        let item = Item { tag: self.tags, value: self.values };
        let is_one = self.count.abs() == 1
            && self.checks == check(item, salt)
            && Places::of(item, salt).contains(at as u64);
        is_one.then_some((item, self.count > 0))
    }

    fn put(&mut self, item: Cell, is_added: bool) {
        self.count += if is_added { item.count } else { -item.count };
        self.tags ^= item.tags;
        self.values ^= item.values;
        self.checks ^= item.checks;
    }
}

impl SubAssign for Cell {
    fn sub_assign(&mut self, other: Cell) {
        self.put(other, false);
    }
}

/// Salted, so that nobody can choose items that fall together.
fn check(item: Item, salt: u64) -> u32 {
    // 24 bits. A cell that only looks like one item is as rare as one in that many, times the places that the item could be
    // in; it is then found out by the rest, or at last by the sum of all facts.
    high(mix(mix(item.tag ^ salt) ^ u64::from(item.value))) >> 8
}

/// As much of a hash of a value as a cell has room for.
pub(super) fn short(hash: u64) -> u16 {
    (hash >> 48).try_into().unwrap_or(u16::MAX)
}

/// The upper half.
pub(super) fn high(n: u64) -> u32 {
    (n >> 32).try_into().unwrap_or(u32::MAX)
}

/// The finaliser of `SplitMix64`, by Steele, Lea and Flood.
pub(super) fn mix(mut n: u64) -> u64 {
    n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

/// The cells in which one item is.
#[derive(Clone, Copy, Debug)]
struct Places {
    next: u64,
    random: u64,
}

impl Places {
    fn of(item: Item, salt: u64) -> Self {
        Places { next: 0, random: mix(mix(item.tag ^ !salt) ^ u64::from(item.value)) }
    }

    fn contains(mut self, place: u64) -> bool {
        while self.next < place {
            self.advance();
        }
        self.next == place
    }

    /// Cell `i` has an item with probability `1 / (1 + i / 2)`. In whole numbers, so that all machines agree.
    fn advance(&mut self) {
        self.random = self.random.wrapping_mul(0xDA94_2042_E4DD_58B5);
        let root = u128::from((self.random.isqrt()).max(1));
        let step = (u128::from(self.next) * 2 + 3) * ((1 << 32) - root) / (2 * root) + 1;
        self.next = self.next.saturating_add(u64::try_from(step).unwrap_or(u64::MAX));
    }
}

/// The sketch of a set, cell after cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Sketch {
    salt: u64,
    items: Vec<(Cell, Places)>,
    made: u64,
}

impl Sketch {
    pub(super) fn new(items: impl IntoIterator<Item = Item>, salt: u64) -> Self {
        let items = items.into_iter().map(|item| (Cell::of(item, salt), Places::of(item, salt))).collect();
        Sketch { salt, items, made: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn made(&self) -> u64 {
        self.made
    }

    /// The next `n` cells. `O(items)` beside what the items are in.
    pub(super) fn cells(&mut self, n: usize) -> Vec<Cell> {
        let mut cells = alloc::vec![Cell::default(); n];
        let end = self.made + n as u64;
        for (item, places) in &mut self.items {
            while places.next < end {
                if let Ok(at) = usize::try_from(places.next - self.made) {
                    cells[at].put(*item, true);
                }
                places.advance();
            }
        }
        self.made = end;
        cells
    }
}

/// Takes in the cells of another set, until it knows the difference.
#[derive(Debug)]
pub(super) struct Solver {
    mine: Sketch,
    /// What is left in each cell.
    cells: Vec<Cell>,
    /// Items found, with their places from here on, and whether they are the other's.
    found: Vec<(Item, Places, bool)>,
    /// How many items more the other has.
    surplus: i64,
    /// How far the counts were from what the surplus alone would make them: squared, each in parts of its variance for a
    /// difference of one, and summed.
    scatter: u128,
}

impl Solver {
    pub(super) fn new(mine: Sketch) -> Self {
        Solver { mine, cells: Vec::new(), found: Vec::new(), surplus: 0, scatter: 0 }
    }

    /// How many facts are on this side.
    pub(super) fn facts(&self) -> usize {
        self.mine.len()
    }

    /// How many cells it has taken in.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The next cells of the other. They must follow those before.
    pub(super) fn take(&mut self, theirs: Vec<Cell>) {
        let from = self.cells.len();
        let mine = self.mine.cells(theirs.len());
        self.cells.extend(theirs.into_iter().zip(mine).map(|(mut theirs, mine)| {
            theirs -= mine;
            theirs
        }));
        self.survey(from);
        let end = self.cells.len() as u64;
        for (item, places, is_theirs) in &mut self.found {
            remove(&mut self.cells, *item, places, *is_theirs, self.mine.salt, end, |_| {});
        }
        let mut open: Vec<usize> = (from..self.cells.len()).collect();
        while let Some(at) = open.pop() {
            // A liar could have it find things for ever.
            if self.found.len() > self.cells.len() {
                return;
            }
            let Some((item, is_theirs)) = self.cells[at].only(at, self.mine.salt) else { continue };
            let mut places = Places::of(item, self.mine.salt);
            remove(&mut self.cells, item, &mut places, is_theirs, self.mine.salt, end, |at| open.push(at));
            self.found.push((item, places, is_theirs));
        }
    }

    /// Looks at the counts of new cells, before anything is taken out of them.
    ///
    /// Cell `i` has each item with probability `p = 2 / (2 + i)`, so the mean of its count is `surplus * p`, and the variance
    /// `p * (1 - p)` for each item of the difference.
    fn survey(&mut self, from: usize) {
        if from == 0 {
            self.surplus = self.cells.first().map_or(0, |cell| cell.count);
        }
        for (i, cell) in (0_i128..).zip(&self.cells).skip(from.max(1)) {
            let off = i128::from(cell.count).saturating_mul(2 + i) - 2 * i128::from(self.surplus);
            let off = off.unsigned_abs();
            self.scatter = self.scatter.saturating_add(off.saturating_mul(off) / (2 * i.unsigned_abs()));
        }
    }

    /// What only the other has, and what only this side has; `None` if more cells are needed.
    pub(super) fn solution(&self) -> Option<(Vec<Item>, Vec<Item>)> {
        // Each item is in the first cell.
        if !self.cells.first()?.is_empty() || !self.cells.iter().all(Cell::is_empty) {
            return None;
        }
        // What only looked like an item, and was taken back when that showed, was found twice: on either side.
        let mut balance: BTreeMap<Item, i32> = BTreeMap::new();
        for (item, _, is_theirs) in &self.found {
            *balance.entry(*item).or_default() += if *is_theirs { 1 } else { -1 };
        }
        let of = |sign| balance.iter().filter(|(_, n)| n.signum() == sign).map(|(item, _)| *item).collect();
        Some((of(1), of(-1)))
    }

    /// How many more cells to ask for: rather too few than too many, as far as the difference is not known well.
    pub(super) fn wants(&self) -> usize {
        let have = self.cells.len();
        // Some 1.37 cells for each difference; of a few cells not much is believed.
        let likely = (self.estimate().saturating_mul(137) / 100).min(have * 16);
        // The estimate is off by one part in the root of half the cells.
        let doubt = likely / (have / 2).isqrt().max(1) / 2;
        likely.saturating_sub(doubt).saturating_sub(have).clamp((have / 16).max(16), MOST_WANTED)
    }

    /// How large the difference is, as far as it can be told: the mean of how far each count is off.
    pub(super) fn estimate(&self) -> usize {
        let surplus = usize::try_from(self.surplus.unsigned_abs()).unwrap_or(usize::MAX);
        let scatter = self.scatter / self.cells.len().saturating_sub(1).max(1) as u128;
        usize::try_from(scatter).unwrap_or(usize::MAX).max(surplus).max(self.found.len())
    }
}

/// How many cells are asked for at once.
pub(super) const MOST_WANTED: usize = 1 << 16;

/// Takes an item out of all cells that it is in, from its next place on.
fn remove(
    cells: &mut [Cell],
    item: Item,
    places: &mut Places,
    is_theirs: bool,
    salt: u64,
    end: u64,
    mut touched: impl FnMut(usize),
) {
    let cell = Cell::of(item, salt);
    while places.next < end {
        if let Ok(at) = usize::try_from(places.next) {
            cells[at].put(cell, !is_theirs);
            touched(at);
        }
        places.advance();
    }
}

/// How many of `n` items are in a cell on average: what the count is told against.
fn expected(n: u64, cell: u64) -> i64 {
    i64::try_from(u128::from(n) * 2 / (u128::from(cell) + 2)).unwrap_or(i64::MAX)
}

/// Cells from cell `from` of a set of `n` items on, each tag in `width` bytes.
pub(super) fn write_cells(cells: &[Cell], from: u64, n: u64, width: usize, out: &mut Output<'_>) {
    for (at, cell) in (from..).zip(cells) {
        out.put(&cell.tags.to_le_bytes()[..width]);
        out.put(&cell.values.to_le_bytes());
        out.put(&cell.checks.to_le_bytes()[..3]);
        out.signed(cell.count - expected(n, at));
    }
}

pub(super) fn read_cells(
    count: usize,
    from: u64,
    n: u64,
    width: usize,
    input: &mut Input<'_>,
) -> Result<Vec<Cell>, DecodeError> {
    let mut cells = Vec::new();
    for at in (from..).take(count) {
        let mut tags = [0; 8];
        tags[..width].copy_from_slice(&input.bytes(width)?);
        let values = u16::from_le_bytes(input.array()?);
        let checks = input.array().map(|[low, middle, high]| u32::from_le_bytes([low, middle, high, 0]))?;
        let off: i64 = input.signed()?;
        let count = off.checked_add(expected(n, at));
        // Counts are added and subtracted: far from the bounds.
        let count = input.ok(count.filter(|count| count.unsigned_abs() < 1 << 60), Wrong::Number)?;
        cells.push(Cell { count, tags: u64::from_le_bytes(tags), values, checks });
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn item(n: u64) -> Item {
        Item { tag: n, value: (n % 7) as u16 }
    }

    /// How many cells it took, and what was found.
    fn solve(mine: &BTreeSet<u64>, theirs: &BTreeSet<u64>, salt: u64) -> (usize, Vec<Item>, Vec<Item>) {
        let mut there = Sketch::new(theirs.iter().map(|n| item(*n)), salt);
        let mut solver = Solver::new(Sketch::new(mine.iter().map(|n| item(*n)), salt));
        solver.take(there.cells(16));
        while solver.solution().is_none() {
            solver.take(there.cells(solver.wants()));
        }
        let (only_theirs, only_mine) = solver.solution().unwrap();
        (solver.len(), only_theirs, only_mine)
    }

    proptest! {
        #[test]
        fn the_difference_is_found(
            mine in prop::collection::btree_set(0..400u64, 0..200),
            theirs in prop::collection::btree_set(0..400u64, 0..200),
            salt: u64,
        ) {
            let (_, only_theirs, only_mine) = solve(&mine, &theirs, salt);
            prop_assert_eq!(only_theirs, theirs.difference(&mine).map(|n| item(*n)).collect::<Vec<_>>());
            prop_assert_eq!(only_mine, mine.difference(&theirs).map(|n| item(*n)).collect::<Vec<_>>());
        }

        #[test]
        fn cells_are_read_as_written(items in prop::collection::btree_set(0..1u64 << 24, 0..200), salt: u64, from in 0..50usize) {
            let mut sketch = Sketch::new(items.iter().map(|n| item(*n)), salt);
            sketch.cells(from);
            let cells = sketch.cells(20);
            let mut out = Output::default();
            write_cells(&cells, from as u64, items.len() as u64, 3, &mut out);
            let bytes = out.finish();
            let limits = crate::codec::Limits::default();
            let mut input = Input::of(&bytes, &limits);
            prop_assert_eq!(read_cells(20, from as u64, items.len() as u64, 3, &mut input).unwrap(), cells);
        }
    }

    #[test]
    fn it_takes_some_one_and_a_half_cells_for_each_difference() {
        for (d, most) in [(10_u64, 40), (100, 180), (1_000, 1_500), (10_000, 14_500)] {
            let mine: BTreeSet<u64> = (0..20_000).collect();
            let theirs: BTreeSet<u64> = (d / 2..20_000 + d.div_ceil(2)).collect();
            let mean = (0..5).map(|salt| solve(&mine, &theirs, salt).0).sum::<usize>() / 5;
            assert!(mean < most, "{mean} cells for {d}");
        }
    }

    #[test]
    fn what_was_found_and_taken_back_is_nothing() {
        let mut solver = Solver::new(Sketch::new(Vec::new(), 5));
        solver.cells.push(Cell::default());
        for (n, is_theirs) in [(1, true), (2, true), (3, false), (2, false)] {
            solver.found.push((item(n), Places::of(item(n), 5), is_theirs));
        }
        assert_eq!(solver.solution(), Some((vec![item(1)], vec![item(3)])));
    }

    #[test]
    fn one_fact_with_two_values_is_found_as_two() {
        let sketch =
            |value| Sketch::new((0..9).map(|tag| Item { tag, value: if tag == 4 { value } else { 0 } }), 5);
        let (mut here, mut there) = (sketch(1), sketch(2));
        let mut solver = Solver::new(Sketch::new(Vec::new(), 5));
        solver.mine = core::mem::take(&mut here);
        while solver.solution().is_none() {
            solver.take(there.cells(8));
        }
        let (theirs, mine) = solver.solution().unwrap();
        assert_eq!(
            (theirs, mine),
            ([Item { tag: 4, value: 2 }].to_vec(), [Item { tag: 4, value: 1 }].to_vec())
        );
    }
}
