//! The bytes of frames, which peers of other builds read.

use super::super::frame::Data;
use super::*;

/// What happens to a frame on its way.
type Change = dyn Fn(&mut Vec<u8>);

fn data(fragment: Option<&[u8]>) -> Data<'_> {
    Data { check: None, number: 300, fragment, is_last: true, acknowledged: Some(5), later: 0b101 }
}

#[test]
fn frames_have_these_bytes() {
    let call = Call { mine: 0x0102_0304, yours: 0xF1F2_F3F4, is_met: true, greeting: *b"0123456789abcdef" };
    let expected = b"r\x03\x04\x03\x02\x01\xf4\xf3\xf2\xf1\x010123456789abcdef";
    assert_eq!(call.write(), expected);
    let ordered = data(Some(b"some")).write(None);
    assert_eq!(ordered, b"\x8f\x05\x05some");
    let checked = data(Some(b"more than a word")).write(Some((0x0102_0304, 0xF1F2_F3F4)));
    assert_eq!(checked, b"\x9f\xa1\xfb\x3c\xe5\xac\x02\x05\x05more than a word");
    let bare = Data { acknowledged: None, later: 0, is_last: false, ..data(None) }.write(Some((7, 8)));
    assert_eq!(bare, b"\x90\x41\xf1\xd7\x15");
}

#[test]
fn what_is_no_frame_is_refused() {
    let greeting = [0; 16];
    let call = |change: &Change| {
        let mut bytes = Call { mine: 1, yours: 2, is_met: true, greeting }.write();
        change(&mut bytes);
        Frame::read(&bytes).is_ok()
    };
    assert!(call(&|_| ()));
    let changes: [&Change; 6] = [
        &|bytes| bytes[0] = b's',
        &|bytes| bytes[1] = 2,
        &|bytes| bytes[2] = 0,
        &|bytes| bytes[10] = 2,
        &|bytes| bytes.push(0),
        &|bytes| bytes.truncate(26),
    ];
    assert!(changes.into_iter().all(|change| !call(change)));
    // A flag that there is not; the end of no message, and bytes of none; a number that there is not.
    let frames: [&[u8]; 4] = [&[0xA0], &[0x81], &[0x84, 5, 1], &[0x92, 0, 0, 0, 0, 0, 7]];
    assert!(frames.into_iter().all(|frame| Frame::read(frame).is_err()));
    assert!(Frame::read(&[0x84, 5]).is_ok() && Frame::read(&[0x92, 0, 0, 0, 0, 1, 7]).is_ok());
}
