//! Replicas: a write that stays in the state is counted, and logged or told by comparing; an undone one is neither.

use rejoin::sync::{Config, Link, Replica};
use rejoin::{Causal, Codec, Counter, EditError, OrSet, ReplicaId, Writer, record};

use super::key::{Key, panicking};

record! {
    #[derive(Debug, PartialEq, Codec)]
    struct Shop {
        books: OrSet<Key>,
        visits: Counter,
    }
}

type Shops = Replica<Causal<Shop>>;

fn shop(n: u128) -> Shops {
    Replica::from_writer(Writer::with_id(ReplicaId::from_u128(n)))
}

#[test]
fn a_panic_in_a_transaction_is_not_told() {
    let (mut shop, mut link) = (shop(1), Link::new(1, Config::default()));
    shop.edit_at(0, |shop| shop.visits.add(1));
    shop.stored();
    let watched = shop.watch();
    let before = (shop.state().encode(), shop.log_len());
    let edit = |shop: &mut Shops| shop.edit_at(1, |shop| shop.books.extend([Key(1), Key(2)]));
    assert!(panicking(2, 1, || edit(&mut shop)).is_none());
    assert_eq!((shop.state().encode(), shop.log_len()), before);
    assert!(shop.is_stored(), "there is nothing new");
    assert!(watched.clone().news(&shop).is_none());
    assert!(link.poll_frame(&mut shop, 0).is_some(), "what is stored is told");

    edit(&mut shop);
    assert!(!shop.is_stored());
    assert!(link.poll_frame(&mut shop, 60_000).is_none(), "what is not stored is not told");
    shop.stored();
    assert!(link.poll_frame(&mut shop, 120_000).is_some());
}

/// The bytes of a delta are counted before it counts: the code of a key that panics then undoes the transaction.
#[test]
fn a_panic_while_a_write_is_encoded_leaves_nothing() {
    for at in 1.. {
        let mut shop = shop(1);
        shop.stored();
        let before = shop.state().clone();
        if panicking(at, 1, || shop.edit_at(0, |shop| shop.books.extend([Key(1), Key(2)]))).is_some() {
            assert_eq!((shop.is_stored(), shop.log_len().0), (false, 1));
            assert!(at > 5, "keys are cloned, compared and written");
            break;
        }
        assert_eq!(shop.state(), &before);
        assert_eq!((shop.is_stored(), shop.log_len().0), (true, 0), "at call {at}");
    }
}

/// Writes that cannot be undone do not pass for stored, and reach the others, although no delta carries them.
#[test]
fn what_cannot_be_undone_is_counted_and_told() {
    let mut left = 0;
    for at in 1.. {
        let (mut here, mut there) = (shop(1), shop(2));
        here.edit_at(0, |shop| shop.books.extend([Key(1), Key(2)]));
        there.receive(here.since(there.version()).unwrap()).unwrap();
        here.stored();
        let failed = panicking(at, 1, || {
            here.try_edit_at(1, |shop| {
                shop.books.remove(&Key(1));
                shop.books.extend([Key(3), Key(4)]);
                Err(())
            })
        });
        if let Some(failed) = failed {
            assert_eq!(failed, Err(EditError::Failed(())));
            break;
        }
        let is_same = here.state() == there.state();
        left += u32::from(!is_same);
        assert_eq!(here.is_stored(), is_same, "at call {at}");
        assert_eq!(here.since(there.version()).is_some(), is_same, "no delta carries it");
        here.stored();
        let mut links = [1, 2].map(|seed| Link::new(seed, Config::default()));
        for now in (0..60_000).step_by(100) {
            let [near, far] = &mut links;
            while let Some(frame) = near.poll_frame(&mut here, now) {
                far.handle_frame(&mut there, now, &frame).unwrap();
            }
            while let Some(frame) = far.poll_frame(&mut there, now) {
                near.handle_frame(&mut here, now, &frame).unwrap();
            }
        }
        assert_eq!(here.state(), there.state(), "at call {at}");
    }
    assert!(left > 0);
}
