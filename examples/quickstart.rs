//! The two-minute tour: a dinner is planned on a phone and a laptop that cannot always hear each other.
//!
//! ```sh
//! cargo run --example quickstart
//! ```

use rejoin::{Causal, Counter, Lww, OrSet, ReplicaId, Writer, record};

record! {
    /// What to buy for a dinner. Each field merges in its own way.
    #[derive(Debug, PartialEq)]
    struct Dinner {
        /// Buying again wins over crossing out.
        shopping: OrSet<&'static str>,
        /// The later note wins.
        note: Lww<&'static str>,
        /// Every guest counts, whoever has invited them.
        guests: Counter,
    }
}

/// A device that can be written to. What it never shares is the right to write under its replica id.
type Device = Writer<Causal<Dinner>>;

fn main() {
    // In your own program: `Writer::new()`, with a random id, and `edit`, with the system's clock. Here ids
    // and times are given, so that every run prints the same.
    let mut phone = Device::with_id(ReplicaId::from_u128(1));
    let mut laptop = Device::with_id(ReplicaId::from_u128(2));

    heading("1. Together: one device writes, and sends the other what has changed");
    let plan = phone.edit_at(at(9, 0), |dinner| {
        dinner.shopping.extend(["bread", "milk", "tea"]);
        dinner.note.set("eight o'clock");
        dinner.guests.add(4);
    });
    assert!(laptop.apply(plan));
    show(&phone, &laptop);
    assert_eq!(phone.state(), laptop.state());

    heading("2. Apart: both go on writing");
    let no_bread = phone.edit_at(at(10, 0), |dinner| dinner.shopping.remove("bread"));
    let two_more = phone.edit_at(at(10, 5), |dinner| dinner.guests.add(2));
    let no_tea = phone.edit_at(at(10, 10), |dinner| {
        dinner.shopping.remove("tea");
        dinner.note.set("bring a chair");
    });
    let from_laptop = laptop.edit_at(at(10, 30), |dinner| {
        dinner.shopping.extend(["bread", "cheese"]); // bread again: the phone's removal is not known here
        dinner.note.set("seven o'clock!");
        dinner.guests.add(1);
    });
    show(&phone, &laptop);
    assert!(!phone.shopping.contains("bread") && laptop.shopping.contains("bread"));
    assert_eq!((phone.guests.get(), laptop.guests.get()), (6, 5));

    heading("3. A bad line: one message is lost, one comes twice, and the last comes first");
    drop(two_more);
    let news = [no_tea.clone(), no_bread, no_tea].map(|delta| laptop.apply(delta));
    assert_eq!(news, [true, true, false], "what comes twice counts once, and says so");
    show(&phone, &laptop);
    assert!(!laptop.shopping.contains("tea") && laptop.shopping.contains("bread"));
    assert_eq!(laptop.note.get(), Some(&"seven o'clock!"), "the later note, although the earlier came later");
    assert_eq!(laptop.guests.get(), 5, "two guests are not expected here");

    // A version is a set of events, and it knows its gaps.
    let missing = phone.version().difference(laptop.version());
    println!("\n   The laptop lacks {} of the phone's events, and can say which.", missing.dot_count());
    assert_eq!(missing.dot_count(), 1);

    heading("4. Rejoined: each takes in the other's state, and whatever was lost is there");
    laptop.join_ref(phone.state());
    phone.join_ref(laptop.state());
    show(&phone, &laptop);
    assert!(phone.same_version(&laptop), "both have heard of the same events ...");
    assert_eq!(phone.state(), laptop.state(), "... so both are in the same state");

    assert!(phone.shopping.iter().eq(&["bread", "cheese", "milk"]));
    assert_eq!(phone.note.get(), Some(&"seven o'clock!"));
    assert_eq!(phone.guests.get(), 4 + 2 + 1);
    assert!(!phone.apply(from_laptop), "the laptop's delta comes too late to be news");

    let guests = laptop.guests.get();
    println!();
    println!("Bread is on the list: it was added anew where nobody had seen it crossed out. Tea is off it,");
    println!("the later note is read, and both devices expect {guests} guests. Enjoy the dinner!");
}

/// A time of one day, in milliseconds, as a device's clock would tell it.
fn at(hour: u64, minute: u64) -> u64 {
    (hour * 60 + minute) * 60_000
}

fn heading(text: &str) {
    println!("\n{text}\n");
}

fn show(phone: &Device, laptop: &Device) {
    for (name, device) in [("phone", phone), ("laptop", laptop)] {
        // A writer reads as the record that it holds.
        let shopping: Vec<&str> = device.shopping.iter().copied().collect();
        let note = device.note.get().copied().unwrap_or("(no note)");
        println!("   {name:<8}{} guests   {:<25}{note}", device.guests.get(), shopping.join(", "));
    }
}
