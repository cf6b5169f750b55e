//! Versions in the formats of serde: replicas in order, each with its intervals.

use alloc::vec::Vec;

use super::Version;

impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let runs = |replica| -> Vec<_> { self.runs_of(replica).collect() };
        let by_replica: Vec<_> = self.replicas().map(|replica| (replica, runs(replica))).collect();
        serializer.collect_seq(by_replica)
    }
}

impl<'de> serde::Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries: Vec<(_, Vec<_>)> = crate::sorted::pairs::deserialize_each(deserializer, Ok)?;
        let mut version = Version::new();
        if entries.into_iter().all(|(replica, runs)| version.push(replica, runs)) {
            Ok(version)
        } else {
            let wrong = "a version's intervals are empty, unsorted, touching or out of bounds";
            Err(serde::de::Error::custom(wrong))
        }
    }
}
