//! Records, alone and in maps: `x/n/5/on` is what each field reads, and `-` that there is nothing in it.

use std::iter;

use rejoin::{Causal, Counter, EwFlag, Lww, Map, OrSet, record};

use super::table::{Table, list};

record! {
    #[derive(Debug, PartialEq)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    struct Cart {
        items: OrSet<char>,
        note: Lww<char>,
        visits: Counter,
        open: EwFlag,
    }

    #[derive(Debug, PartialEq)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    struct Card {
        tags: OrSet<char>,
        stars: Counter,
        name: Lww<char>,
    }

    #[derive(Debug, PartialEq)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    struct Tree {
        count: Counter,
        branches: Map<char, Tree>,
    }
}

impl Card {
    fn read(&self) -> String {
        format!("[{}/{}/{}]", list(&self.tags), self.stars.get(), list(self.name.get()))
    }
}

impl Tree {
    fn read(&self) -> String {
        let branches = self.branches.iter().map(|(key, tree)| format!("{key}{{{}}}", tree.read()));
        list(iter::once(self.count.get().to_string()).chain(branches))
    }
}

#[test]
fn record() {
    let table = Table::<Causal<Cart>> {
        words: &[
            ("items+x", &|cart| cart.items.insert('x')),
            ("items+y", &|cart| cart.items.insert('y')),
            ("items-x", &|cart| cart.items.remove(&'x')),
            ("note=n", &|cart| cart.note.set('n')),
            ("note=m", &|cart| cart.note.set('m')),
            ("no note", &|cart| cart.note.clear()),
            ("visits+5", &|cart| cart.visits.add(5)),
            ("visits+1", &|cart| cart.visits.add(1)),
            ("no visits", &|cart| cart.visits.reset()),
            ("open", &|cart| cart.open.enable()),
            ("close", &|cart| cart.open.disable()),
        ],
        read: &|cart| {
            let open = if cart.open.is_enabled() { "on" } else { "off" };
            format!("{}/{}/{}/{open}", list(&cart.items), list(cart.note.get()), cart.visits.get())
        },
    };
    table.pairs(
        "items+x, note=n, visits+5, open at 1",
        "
        | one does          | another does      | at once     | one first | another first |
        | items+y           | items+y           | x y/n/5/on  |
        | items+y           | items-x           | y/n/5/on    |
        | items+y           | note=m at 3       | x y/m/5/on  |
        | items+y           | no note           | x y/-/5/on  |
        | items+y           | visits+1          | x y/n/6/on  |
        | items+y           | no visits         | x y/n/0/on  |
        | items+y           | close             | x y/n/5/off |
        | items+y           | items-x, visits+1 | y/n/6/on    |
        | items-x           | items-x           | -/n/5/on    |
        | items-x           | note=m at 3       | -/m/5/on    |
        | items-x           | no note           | -/-/5/on    |
        | items-x           | visits+1          | -/n/6/on    |
        | items-x           | no visits         | -/n/0/on    |
        | items-x           | close             | -/n/5/off   |
        | items-x           | items-x, visits+1 | -/n/6/on    |
        | note=m at 3       | note=m at 3       | x/m/5/on    |
        | note=m at 3       | no note           | x/m/5/on    | x/-/5/on  | x/m/5/on      |
        | note=m at 3       | visits+1          | x/m/6/on    |
        | note=m at 3       | no visits         | x/m/0/on    |
        | note=m at 3       | close             | x/m/5/off   |
        | note=m at 3       | items-x, visits+1 | -/m/6/on    |
        | no note           | no note           | x/-/5/on    |
        | no note           | visits+1          | x/-/6/on    |
        | no note           | no visits         | x/-/0/on    |
        | no note           | close             | x/-/5/off   |
        | no note           | items-x, visits+1 | -/-/6/on    |
        | visits+1          | visits+1          | x/n/7/on    |
        | visits+1          | no visits         | x/n/1/on    | x/n/0/on  | x/n/1/on      |
        | visits+1          | close             | x/n/6/off   |
        | visits+1          | items-x, visits+1 | -/n/7/on    |
        | no visits         | no visits         | x/n/0/on    |
        | no visits         | close             | x/n/0/off   |
        | no visits         | items-x, visits+1 | -/n/1/on    | -/n/1/on  | -/n/0/on      |
        | close             | close             | x/n/5/off   |
        | close             | items-x, visits+1 | -/n/6/off   |
        | items-x, visits+1 | items-x, visits+1 | -/n/7/on    |
        ",
    );
    table.triples(
        "items+x, note=n, visits+5, open at 1",
        "
        | one does    | another does | a third does | all read |
        | items-x     | items-x      | items-x      | -/n/5/on |
        | items-x     | items-x      | note=m at 3  | -/m/5/on |
        | items-x     | items-x      | no visits    | -/n/0/on |
        | items-x     | note=m at 3  | note=m at 3  | -/m/5/on |
        | items-x     | note=m at 3  | no visits    | -/m/0/on |
        | items-x     | no visits    | no visits    | -/n/0/on |
        | note=m at 3 | note=m at 3  | note=m at 3  | x/m/5/on |
        | note=m at 3 | note=m at 3  | no visits    | x/m/0/on |
        | note=m at 3 | no visits    | no visits    | x/m/0/on |
        | no visits   | no visits    | no visits    | x/n/0/on |
        ",
    );
}

#[test]
fn map_of_records() {
    let table = Table::<Causal<Map<char, Card>>> {
        words: &[
            ("x: tag(a)", &|map| map.entry('x').tags.insert('a')),
            ("x: tag(b)", &|map| map.entry('x').tags.insert('b')),
            ("x: untag(a)", &|map| map.entry('x').tags.remove(&'a')),
            ("x: 5 stars", &|map| map.entry('x').stars.add(5)),
            ("x: 1 star", &|map| map.entry('x').stars.add(1)),
            ("x: name n", &|map| map.entry('x').name.set('n')),
            ("x: name m", &|map| map.entry('x').name.set('m')),
            ("entry(y)", &|map| _ = map.entry('y')),
            ("remove(x)", &|map| map.remove(&'x')),
        ],
        read: &|map| list(map.iter().map(|(key, card)| format!("{key}{}", card.read()))),
    };
    table.pairs(
        "x: tag(a), x: 5 stars, x: name n at 1",
        "
        | one does             | another does         | at once    | one first | another first |
        | x: tag(b)            | x: tag(b)            | x[a b/5/n] |
        | x: tag(b)            | x: untag(a)          | x[b/5/n]   |
        | x: tag(b)            | x: 1 star            | x[a b/6/n] |
        | x: tag(b)            | x: name m at 3       | x[a b/5/m] |
        | x: tag(b)            | entry(y)             | x[a b/5/n] |
        | x: tag(b)            | remove(x)            | x[b/0/-]   | -         | x[b/0/-]      |
        | x: tag(b)            | remove(x), x: 1 star | x[b/1/-]   | x[-/1/-]  | x[b/1/-]      |
        | x: untag(a)          | x: untag(a)          | x[-/5/n]   |
        | x: untag(a)          | x: 1 star            | x[-/6/n]   |
        | x: untag(a)          | x: name m at 3       | x[-/5/m]   |
        | x: untag(a)          | entry(y)             | x[-/5/n]   |
        | x: untag(a)          | remove(x)            | -          |
        | x: untag(a)          | remove(x), x: 1 star | x[-/1/-]   |
        | x: 1 star            | x: 1 star            | x[a/7/n]   |
        | x: 1 star            | x: name m at 3       | x[a/6/m]   |
        | x: 1 star            | entry(y)             | x[a/6/n]   |
        | x: 1 star            | remove(x)            | x[-/1/-]   | -         | x[-/1/-]      |
        | x: 1 star            | remove(x), x: 1 star | x[-/2/-]   | x[-/1/-]  | x[-/2/-]      |
        | x: name m at 3       | x: name m at 3       | x[a/5/m]   |
        | x: name m at 3       | entry(y)             | x[a/5/m]   |
        | x: name m at 3       | remove(x)            | x[-/0/m]   | -         | x[-/0/m]      |
        | x: name m at 3       | remove(x), x: 1 star | x[-/1/m]   | x[-/1/-]  | x[-/1/m]      |
        | entry(y)             | entry(y)             | x[a/5/n]   |
        | entry(y)             | remove(x)            | -          |
        | entry(y)             | remove(x), x: 1 star | x[-/1/-]   |
        | remove(x)            | remove(x)            | -          |
        | remove(x)            | remove(x), x: 1 star | x[-/1/-]   | x[-/1/-]  | -             |
        | remove(x), x: 1 star | remove(x), x: 1 star | x[-/2/-]   | x[-/1/-]  | x[-/1/-]      |
        ",
    );
    table.triples(
        "x: tag(a), x: 5 stars, x: name n at 1",
        "
        | one does       | another does   | a third does   | all read   |
        | x: tag(b)      | x: tag(b)      | x: tag(b)      | x[a b/5/n] |
        | x: tag(b)      | x: tag(b)      | x: 1 star      | x[a b/6/n] |
        | x: tag(b)      | x: tag(b)      | x: name m at 3 | x[a b/5/m] |
        | x: tag(b)      | x: tag(b)      | remove(x)      | x[b/0/-]   |
        | x: tag(b)      | x: 1 star      | x: 1 star      | x[a b/7/n] |
        | x: tag(b)      | x: 1 star      | x: name m at 3 | x[a b/6/m] |
        | x: tag(b)      | x: 1 star      | remove(x)      | x[b/1/-]   |
        | x: tag(b)      | x: name m at 3 | x: name m at 3 | x[a b/5/m] |
        | x: tag(b)      | x: name m at 3 | remove(x)      | x[b/0/m]   |
        | x: tag(b)      | remove(x)      | remove(x)      | x[b/0/-]   |
        | x: 1 star      | x: 1 star      | x: 1 star      | x[a/8/n]   |
        | x: 1 star      | x: 1 star      | x: name m at 3 | x[a/7/m]   |
        | x: 1 star      | x: 1 star      | remove(x)      | x[-/2/-]   |
        | x: 1 star      | x: name m at 3 | x: name m at 3 | x[a/6/m]   |
        | x: 1 star      | x: name m at 3 | remove(x)      | x[-/1/m]   |
        | x: 1 star      | remove(x)      | remove(x)      | x[-/1/-]   |
        | x: name m at 3 | x: name m at 3 | x: name m at 3 | x[a/5/m]   |
        | x: name m at 3 | x: name m at 3 | remove(x)      | x[-/0/m]   |
        | x: name m at 3 | remove(x)      | remove(x)      | x[-/0/m]   |
        | remove(x)      | remove(x)      | remove(x)      | -          |
        ",
    );
    table.relays(
        "x: tag(a), x: 5 stars, x: name n at 1",
        "
        | one does    | another then does | meanwhile, a third does | all read |
        | x: tag(b)   | remove(x)         | x: 1 star               | x[-/1/-] |
        | x: untag(a) | x: tag(a)         | remove(x)               | x[a/0/-] |
        | remove(x)   | x: 1 star         | x: tag(b)               | x[b/1/-] |
        | remove(x)   | x: 1 star         | remove(x)               | x[-/1/-] |
        ",
    );
}

#[test]
fn map_of_maps_of_records() {
    let table = Table::<Causal<Map<char, Map<char, Card>>>> {
        words: &[
            ("xa: tag(a)", &|map| map.entry('x').entry('a').tags.insert('a')),
            ("xa: tag(b)", &|map| map.entry('x').entry('a').tags.insert('b')),
            ("xa: untag(a)", &|map| map.entry('x').entry('a').tags.remove(&'a')),
            ("xb: 5 stars", &|map| map.entry('x').entry('b').stars.add(5)),
            ("xb: 1 star", &|map| map.entry('x').entry('b').stars.add(1)),
            ("x.remove(a)", &|map| map.entry('x').remove(&'a')),
            ("remove(x)", &|map| map.remove(&'x')),
        ],
        read: &|map| {
            let cards =
                |map: &Map<_, Card>| list(map.iter().map(|(key, card)| format!("{key}{}", card.read())));
            list(map.iter().map(|(key, inner)| format!("{key}{{{}}}", cards(inner))))
        },
    };
    table.pairs(
        "xa: tag(a), xb: 5 stars",
        "
        | one does     | another does | at once                | one first   | another first        |
        | xa: tag(b)   | xa: tag(b)   | x{a[a b/0/-] b[-/5/-]} |
        | xa: tag(b)   | xa: untag(a) | x{a[b/0/-] b[-/5/-]}   |
        | xa: tag(b)   | xb: 1 star   | x{a[a b/0/-] b[-/6/-]} |
        | xa: tag(b)   | x.remove(a)  | x{a[b/0/-] b[-/5/-]}   | x{b[-/5/-]} | x{a[b/0/-] b[-/5/-]} |
        | xa: tag(b)   | remove(x)    | x{a[b/0/-]}            | -           | x{a[b/0/-]}          |
        | xa: untag(a) | xa: untag(a) | x{b[-/5/-]}            |
        | xa: untag(a) | xb: 1 star   | x{b[-/6/-]}            |
        | xa: untag(a) | x.remove(a)  | x{b[-/5/-]}            |
        | xa: untag(a) | remove(x)    | -                      |
        | xb: 1 star   | xb: 1 star   | x{a[a/0/-] b[-/7/-]}   |
        | xb: 1 star   | x.remove(a)  | x{b[-/6/-]}            |
        | xb: 1 star   | remove(x)    | x{b[-/1/-]}            | -           | x{b[-/1/-]}          |
        | x.remove(a)  | x.remove(a)  | x{b[-/5/-]}            |
        | x.remove(a)  | remove(x)    | -                      |
        | remove(x)    | remove(x)    | -                      |
        ",
    );
    table.triples(
        "xa: tag(a), xb: 5 stars",
        "
        | one does    | another does | a third does | all read               |
        | xa: tag(b)  | xa: tag(b)   | xa: tag(b)   | x{a[a b/0/-] b[-/5/-]} |
        | xa: tag(b)  | xa: tag(b)   | x.remove(a)  | x{a[b/0/-] b[-/5/-]}   |
        | xa: tag(b)  | xa: tag(b)   | remove(x)    | x{a[b/0/-]}            |
        | xa: tag(b)  | x.remove(a)  | x.remove(a)  | x{a[b/0/-] b[-/5/-]}   |
        | xa: tag(b)  | x.remove(a)  | remove(x)    | x{a[b/0/-]}            |
        | xa: tag(b)  | remove(x)    | remove(x)    | x{a[b/0/-]}            |
        | x.remove(a) | x.remove(a)  | x.remove(a)  | x{b[-/5/-]}            |
        | x.remove(a) | x.remove(a)  | remove(x)    | -                      |
        | x.remove(a) | remove(x)    | remove(x)    | -                      |
        | remove(x)   | remove(x)    | remove(x)    | -                      |
        ",
    );
}

#[test]
fn record_in_itself() {
    let table = Table::<Causal<Tree>> {
        words: &[
            ("a+5", &|tree| tree.branches.entry('a').count.add(5)),
            ("a+1", &|tree| tree.branches.entry('a').count.add(1)),
            ("ab+5", &|tree| tree.branches.entry('a').branches.entry('b').count.add(5)),
            ("ab+1", &|tree| tree.branches.entry('a').branches.entry('b').count.add(1)),
            ("entry(ac)", &|tree| _ = tree.branches.entry('a').branches.entry('c')),
            ("a.remove(b)", &|tree| tree.branches.entry('a').branches.remove(&'b')),
            ("remove(a)", &|tree| tree.branches.remove(&'a')),
        ],
        read: &|tree| tree.read(),
    };
    table.pairs(
        "a+5, ab+5",
        "
        | one does    | another does | at once     | one first | another first |
        | a+1         | a+1          | 0 a{7 b{5}} |
        | a+1         | ab+1         | 0 a{6 b{6}} |
        | a+1         | entry(ac)    | 0 a{6 b{5}} |
        | a+1         | a.remove(b)  | 0 a{6}      |
        | a+1         | remove(a)    | 0 a{1}      | 0         | 0 a{1}        |
        | ab+1        | ab+1         | 0 a{5 b{7}} |
        | ab+1        | entry(ac)    | 0 a{5 b{6}} |
        | ab+1        | a.remove(b)  | 0 a{5 b{1}} | 0 a{5}    | 0 a{5 b{1}}   |
        | ab+1        | remove(a)    | 0 a{0 b{1}} | 0         | 0 a{0 b{1}}   |
        | entry(ac)   | entry(ac)    | 0 a{5 b{5}} |
        | entry(ac)   | a.remove(b)  | 0 a{5}      |
        | entry(ac)   | remove(a)    | 0           |
        | a.remove(b) | a.remove(b)  | 0 a{5}      |
        | a.remove(b) | remove(a)    | 0           |
        | remove(a)   | remove(a)    | 0           |
        ",
    );
}
