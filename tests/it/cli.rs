//! The command `rejoin`, as it is called.

use std::process::{Command, Output};

fn rejoin(args: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rejoin")).args(args.split_whitespace()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn each_story_ends_well_in_one_line_of_json() {
    let out = rejoin("sim all --json --seeds 5 --seed 3");
    assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
    let lines: Vec<serde_json::Value> =
        text(&out.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stories: Vec<&str> = lines.iter().map(|line| line["story"].as_str().unwrap()).collect();
    assert_eq!(stories, ["nodes", "bookshop", "warehouse", "social", "gossip", "strong", "faults"]);
    for line in &lines {
        assert_eq!(line["converged"], true, "{line}");
        assert_eq!(line["violations"].as_array().map(Vec::len), Some(0), "{line}");
        for figure in ["seed", "replicas", "rounds", "bytes", "frames", "writes", "repair_ms"] {
            assert!(line[figure].is_u64(), "{figure} of {line}");
        }
    }
    let warehouse = &lines[2]["measured"];
    assert_eq!(warehouse["oversold_by_right"], 0.0);
    assert!(warehouse["rights_moved"].as_f64() > Some(0.0));
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for story in ["nodes", "bookshop", "social", "gossip --nodes 40", "strong", "faults --seeds 3"] {
        let told = || text(&rejoin(&format!("sim {story} --seed 5")).stdout);
        assert_eq!(told(), told());
    }
    assert_ne!(rejoin("sim --seed 5").stdout, rejoin("sim --seed 6").stdout);
}

#[test]
fn what_is_told_is_plain_lines_where_nobody_watches() {
    let out = rejoin("sim");
    let told = text(&out.stdout);
    assert!(out.status.success() && !told.contains('\x1b'), "{told}");
    assert!(told.contains("For now they disagree") && told.contains("All are equal again"), "{told}");
}

#[test]
fn pictures_are_written() {
    let dir = std::env::temp_dir().join(format!("rejoin-plots-{}", std::process::id()));
    let out = rejoin(&format!("sim social --json --plots {}", dir.display()));
    assert!(out.status.success());
    let svg = std::fs::read_to_string(dir.join("social.svg")).unwrap();
    assert!(svg.starts_with("<svg") && !svg.contains("NaN"));
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn what_cannot_be_understood_is_said_and_ends_with_2() {
    for args in ["fly", "sim tea", "sim --seed", "sim --nodes many", "sim strong --nodes 9", "--loud"] {
        let out = rejoin(args);
        assert_eq!(out.status.code(), Some(2), "{args}");
        assert!(out.stdout.is_empty() && text(&out.stderr).starts_with("rejoin: "), "{args}");
    }
    for (args, says) in [("--help", "Commands:"), ("sim --help", "Stories:"), ("--version", "rejoin ")] {
        let out = rejoin(args);
        assert!(out.status.success() && text(&out.stdout).contains(says), "{args}");
    }
}
