//! Finding out in what two large sets of numbers differ, at a cost in proportion to the difference.
//!
//! Invertible Bloom lookup tables, after Eppstein, Goodrich, Uyeda and Varghese, *What's the Difference?* (2011).
//!
//! ```text
//! table    part 0        part 1        part 2        part 3       all of one size
//! item     one cell      one cell      one cell      one cell     which, its hash tells
//! cell     numbers, checks: those of all its items, xor
//! ```
//!
//! Tables of two sets of one size subtract, cell by cell, so what both have vanishes. A cell in which one item is left
//! gives it away: its check fits its number, and its hash tells that it belongs there. Taken out of its other cells, it
//! leaves single items there, and so on. Some 1.36 cells for each item do, and some more where there are few. If they do not
//! suffice, another table in which the items fall differently is read together with those before.
//!
//! A cell counts nothing: whether an item is mine or the other's is told by whether I have it.

pub(super) use crate::codec::digest::mix;

use alloc::vec::Vec;

use super::compare::Common;

/// The upper half.
pub(super) fn high(n: u64) -> u32 {
    (n >> 32).try_into().unwrap_or(u32::MAX)
}

/// Parts of a table, and cells that one item is in.
const PARTS: usize = 4;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell {
    number: u64,
    check: u16,
}

impl Cell {
    fn of(number: u64, hash: u64) -> Self {
        Cell { number, check: check(hash) }
    }

    fn toggle(&mut self, other: Cell) {
        self.number ^= other.number;
        self.check ^= other.check;
    }
}

/// 15 bits are few, but a wrong number must also be one of an event that both know, and whose place is this very cell; and if it
/// is taken for an item, the sum of all hashes tells. The last bit tells no item from one.
fn check(hash: u64) -> u16 {
    (hash >> 48) as u16 | 1
}

/// More items than any table holds.
const MOST_ITEMS: u64 = 1 << 40;

/// Cells for so many items: in all but one of a thousand cases enough.
pub(super) fn cells_for(items: u64) -> u64 {
    let items = items.min(MOST_ITEMS);
    let cells = items + items * 9 / 25 + 26;
    cells.min(items * 12).next_multiple_of(PARTS as u64)
}

/// The sums of a set, cell by cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// The how-manieth of its conversation, and so where items fall.
    turn: u64,
    cells: Vec<Cell>,
}

impl Table {
    /// No items, in a table of at least so many cells.
    pub(super) fn new(turn: u64, cells: usize) -> Self {
        Table { turn, cells: alloc::vec![Cell::default(); cells.next_multiple_of(PARTS)] }
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Adds an item, or takes it out.
    #[inline]
    pub(super) fn toggle(&mut self, number: u64, hash: u64) {
        if self.cells.is_empty() {
            return;
        }
        let item = Cell::of(number, hash);
        self.places(hash).into_iter().for_each(|at| self.cells[at].toggle(item));
    }

    /// Where an item is: one cell of each part.
    #[inline]
    fn places(&self, hash: u64) -> [usize; PARTS] {
        let size = self.cells.len() / PARTS;
        let a = mix(hash ^ (self.turn << 32));
        let b = mix(a);
        let place =
            |part: usize, random: u64| part * size + ((u64::from(high(random)) * size as u64) >> 32) as usize;
        [place(0, a), place(1, a << 32), place(2, b), place(3, b << 32)]
    }

    /// The bytes of all cells, where a number takes `width`.
    pub(super) fn bytes(&self, width: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.cells.len() * (width + size_of::<u16>()));
        for cell in &self.cells {
            bytes.extend_from_slice(&cell.number.to_le_bytes()[..width]);
            bytes.extend_from_slice(&cell.check.to_le_bytes());
        }
        bytes
    }

    /// Cells from bytes; `None` if they are not those of a table.
    pub(super) fn read(bytes: &[u8], turn: u64, width: usize) -> Option<Self> {
        let size = width + size_of::<u16>();
        if !bytes.len().is_multiple_of(size * PARTS) {
            return None;
        }
        let cells = bytes.chunks_exact(size).map(|cell| {
            let mut number = [0; 8];
            number[..width].copy_from_slice(&cell[..width]);
            Cell {
                number: u64::from_le_bytes(number),
                check: u16::from_le_bytes([cell[width], cell[width + 1]]),
            }
        });
        Some(Table { turn, cells: cells.collect() })
    }
}

/// Finds the difference in the tables of two sets.
#[derive(Debug, Default)]
pub(super) struct Solver {
    /// What is left in each.
    tables: Vec<Table>,
    /// The items found. What only looked like an item was found twice, once it has shown.
    found: Vec<u64>,
}

impl Solver {
    /// The number of tables read.
    pub(super) fn turns(&self) -> u64 {
        self.tables.len() as u64
    }

    /// The number of cells in them.
    pub(super) fn cells(&self) -> usize {
        self.tables.iter().map(Table::len).sum()
    }

    /// Reads one more table of the other set, together with that of one's own.
    pub(super) fn take(&mut self, mut theirs: Table, mine: &Table, common: &Common) {
        theirs.cells.iter_mut().zip(&mine.cells).for_each(|(theirs, mine)| theirs.toggle(*mine));
        for number in &self.found {
            if let Some((_, hash)) = common.event(*number) {
                theirs.toggle(*number, hash);
            }
        }
        self.tables.push(theirs);
        self.peel(common);
    }

    fn peel(&mut self, common: &Common) {
        let cells = self.cells();
        let mut open: Vec<(usize, usize)> = Vec::with_capacity(cells);
        for (turn, table) in self.tables.iter().enumerate() {
            open.extend((0..table.len()).map(|at| (turn, at)));
        }
        while let Some((turn, at)) = open.pop() {
            let table = &self.tables[turn];
            let Cell { number, check: expected } = table.cells[at];
            let Some((_, hash)) = common.event(number) else { continue };
            if check(hash) != expected || !table.places(hash).contains(&at) {
                continue;
            }
            // There cannot be more items than cells. A liar could have it find the same ones for ever.
            if self.found.len() >= cells {
                return;
            }
            self.found.push(number);
            for (turn, table) in self.tables.iter_mut().enumerate().filter(|(_, table)| table.len() > 0) {
                table.toggle(number, hash);
                open.extend(table.places(hash).map(|at| (turn, at)));
            }
        }
    }

    /// The items of the difference, sorted; `None` if more cells are needed.
    pub(super) fn solution(&self) -> Option<Vec<u64>> {
        let is_empty = |table: &Table| table.cells.iter().all(|cell| *cell == Cell::default());
        if !self.tables.iter().all(is_empty) {
            return None;
        }
        let mut found = self.found.clone();
        found.sort_unstable();
        let mut items: Vec<u64> = Vec::new();
        for number in found {
            if items.last() == Some(&number) {
                items.pop();
            } else {
                items.push(number);
            }
        }
        Some(items)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{ReplicaId, Version};

    /// The events `0..n`, of two replicas and with a gap.
    fn common(n: u64, salt: u64) -> Common {
        let mut version = Version::new();
        version.insert_run(ReplicaId::from_u128(9), 3, n / 2 + 2);
        version.insert_run(ReplicaId::from_u128(11), 1, n / 4);
        version.insert_run(ReplicaId::from_u128(11), n / 4 + 2, n - n / 2 + 1);
        Common::new(&version, &version, salt).unwrap()
    }

    fn table(common: &Common, items: &BTreeSet<u64>, turn: u64, cells: usize) -> Table {
        let mut table = Table::new(turn, cells);
        items.iter().for_each(|number| table.toggle(*number, common.event(*number).unwrap().1));
        table
    }

    fn size_for(items: usize) -> usize {
        cells_for(items as u64).try_into().unwrap()
    }

    /// The items that are found by tables of these sizes.
    fn found(mine: &BTreeSet<u64>, theirs: &BTreeSet<u64>, salt: u64, sizes: &[usize]) -> Option<Vec<u64>> {
        let (common, mut solver) = (common(4_000, salt), Solver::default());
        for (turn, cells) in (0..).zip(sizes) {
            assert_eq!(solver.turns(), turn);
            let written = table(&common, theirs, turn, *cells).bytes(common.width());
            assert_eq!(written.len(), cells.next_multiple_of(PARTS) * (2 + 2));
            let read = Table::read(&written, turn, common.width()).unwrap();
            solver.take(read, &table(&common, mine, turn, *cells), &common);
        }
        solver.solution()
    }

    fn numbers() -> impl Strategy<Value = BTreeSet<u64>> {
        prop::collection::btree_set(0..400_u64, 0..200)
    }

    proptest! {
        #[test]
        fn the_difference_is_found(mine in numbers(), theirs in numbers(), salt: u64) {
            let expected: Vec<u64> = mine.symmetric_difference(&theirs).copied().collect();
            let cells = size_for(2 * expected.len());
            prop_assert_eq!(found(&mine, &theirs, salt, &[cells, cells]), Some(expected));
        }

        /// What two tables do not tell alone, they tell together.
        #[test]
        fn tables_are_read_together(from in 0..3_000_u64, salt: u64) {
            let theirs: BTreeSet<u64> = (from..from + 300).collect();
            let sizes = [0, 220, 220];
            let items = found(&BTreeSet::new(), &theirs, salt, &sizes);
            prop_assert!(items.is_none_or(|items| items.into_iter().eq(theirs.iter().copied())));
            prop_assert_eq!(found(&BTreeSet::new(), &theirs, salt, &sizes[..2]), None);
        }

        #[test]
        fn nonsense_comes_to_an_end(bytes: Vec<u8>, salt: u64) {
            let common = common(4_000, salt);
            let whole = &bytes[..bytes.len() / 16 * 16];
            let mut solver = Solver::default();
            let theirs = Table::read(whole, 0, common.width()).unwrap();
            let mine = Table::new(0, theirs.len());
            solver.take(theirs, &mine, &common);
            prop_assert!(solver.found.len() <= mine.len());
        }
    }

    #[test]
    fn tables_of_the_size_for_it_suffice_but_for_few_in_a_thousand() {
        for d in [1, 2, 5, 20, 60, 250] {
            let theirs: BTreeSet<u64> = (700..).take(d).collect();
            let cells = size_for(d);
            let solved = |salt| found(&BTreeSet::new(), &theirs, salt, &[cells]).is_some();
            let failed = (0..1_000).filter(|salt| !solved(*salt)).count();
            assert!(failed <= 12, "{failed} of 1,000 for {d}");
        }
    }

    #[test]
    fn half_as_many_cells_as_items_tell_nothing() {
        let theirs: BTreeSet<u64> = (0..100).collect();
        assert_eq!(found(&BTreeSet::new(), &theirs, 3, &[48]), None);
    }

    /// The xor of three cells is a cell that a wrong item may fit. It is put in, found, and found again.
    #[test]
    fn what_was_found_and_taken_back_is_nothing() {
        let solver = Solver { tables: Vec::new(), found: Vec::from([4, 9, 7, 9]) };
        assert_eq!(solver.solution(), Some(Vec::from([4, 7])));
    }

    #[test]
    fn an_item_in_a_cell_of_another_is_none() {
        let common = common(4_000, 5);
        let (_, hash) = common.event(17).unwrap();
        let mut theirs = Table::new(0, 40);
        let strange = (0..40).find(|at| !theirs.places(hash).contains(at)).unwrap();
        theirs.cells[strange].toggle(Cell::of(17, hash));
        let mut solver = Solver::default();
        solver.take(theirs, &Table::new(0, 40), &common);
        assert_eq!((solver.found.len(), solver.solution()), (0, None));
    }

    /// A liar's cells in which each item brings back another, for ever.
    #[test]
    fn no_more_is_found_than_there_are_cells() {
        let common = common(4_000, 5);
        let (_, hash) = common.event(17).unwrap();
        let mut theirs = Table::new(0, 40);
        // In one of its cells only: it is found, and so put into the three others, found there, and so on.
        let place = theirs.places(hash)[0];
        theirs.cells[place].toggle(Cell::of(17, hash));
        let mut solver = Solver::default();
        solver.take(theirs, &Table::new(0, 40), &common);
        assert_eq!(solver.found.len(), 40);
        assert_eq!(solver.solution(), None);
    }

    /// A peer of another build computes the same.
    #[test]
    fn tables_have_these_bytes() {
        let mut table = Table::new(3, 16);
        table.toggle(0x0102, 0xF0E1_D2C3_B4A5_9687);
        table.toggle(0x0304, 0x1234_5678_1234_5678);
        let expected = [
            0x00, 0x00, 0x00, 0x00, 0x04, 0x03, 0x35, 0x12, 0x02, 0x01, 0xe1, 0xf0, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x02, 0x01, 0xe1, 0xf0, 0x04, 0x03, 0x35, 0x12, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x01, 0xe1, 0xf0, 0x04, 0x03, 0x35, 0x12,
            0x02, 0x01, 0xe1, 0xf0, 0x04, 0x03, 0x35, 0x12, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        ];
        assert_eq!(table.bytes(2), expected);
    }

    #[test]
    fn what_is_no_whole_table_is_not_read() {
        assert!(Table::read(&[0; 20], 0, 3).is_some());
        for len in [1, 5, 19, 21, 25] {
            assert!(Table::read(&alloc::vec![0; len], 0, 3).is_none(), "{len} bytes");
        }
    }

    #[test]
    fn the_size_grows_with_the_items() {
        assert_eq!([0, 1, 2, 100, 10_000].map(cells_for), [0, 12, 24, 164, 13_628]);
        assert_eq!(cells_for(u64::MAX), cells_for(MOST_ITEMS));
    }
}
