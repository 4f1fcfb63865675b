//! What the runtime would reject or fault on, the builder refuses by name.

use plimsoll_sbf::{Arch, Error, Frame};
use plimsoll_sbf_tests::{build_program, ARCHS};

const PROGRAM: &str = "plimsoll-sbf-arithmetic";

#[test]
fn writable_static_data_is_refused_by_the_name_of_the_variable() {
    for arch in ARCHS {
        let error = build_program(PROGRAM, arch, &["writable-static"]).unwrap_err();
        assert!(matches!(&error, Error::Refused(reason) if reason.contains("CALLS")), "{arch}: {error}");
    }
}

#[test]
fn a_stack_frame_over_4096_bytes_is_refused_by_the_name_of_the_function() {
    for arch in ARCHS {
        let error = build_program(PROGRAM, arch, &["large-frame"]).unwrap_err();
        assert!(
            matches!(&error, Error::Refused(reason) if reason.contains("spread_over_the_stack")),
            "{arch}: {error}"
        );
    }
}

#[test]
fn a_package_that_is_no_program_is_refused() {
    let error = build_program("plimsoll-sbf", Arch::V3, &[]).unwrap_err().to_string();
    assert!(error.contains("no cdylib"), "{error}");
}

#[test]
fn a_build_tells_its_size_and_its_largest_frames() {
    let report = build_program(PROGRAM, Arch::V3, &[]).unwrap();
    let bytes = std::fs::metadata(&report.out).unwrap().len();
    assert_eq!(report.bytes, bytes);
    assert!(report.text_bytes.is_some_and(|text| text > 0 && text < bytes));
    let sizes: Vec<u64> = report.frames.iter().map(|Frame { bytes, .. }| *bytes).collect();
    assert!(sizes.len() >= 5 && sizes.is_sorted_by(|one, other| one >= other), "{sizes:?}");
}

#[test]
fn a_second_build_takes_the_first_ones_result() {
    // The other tests of this file read the v3 program while this one takes its file away.
    let first = build_program(PROGRAM, Arch::V0, &[]).unwrap();
    let before = std::fs::read(&first.out).unwrap();
    std::fs::remove_file(&first.out).unwrap();
    let second = build_program(PROGRAM, Arch::V0, &[]).unwrap();
    assert!(second.cached);
    assert_eq!(std::fs::read(&second.out).unwrap(), before);
}
