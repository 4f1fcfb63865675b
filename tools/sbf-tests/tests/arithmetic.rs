//! Every operation of the arithmetic program gives the same results in the virtual machine and on the host.

use plimsoll_sbf_arithmetic::{Output, GROUPS};
use plimsoll_sbf_tests::{built_program, inputs, Machine, ARCHS};
use solana_pubkey::Pubkey;

const INPUTS: usize = 3000;
const NIGHTLY_INPUTS: usize = 50_000;

#[test]
fn arithmetic_of_128_bits_agrees_with_the_host() {
    compare("wide");
}

#[test]
fn arithmetic_of_up_to_64_bits_agrees_with_the_host() {
    compare("narrow");
}

#[test]
fn floating_point_agrees_with_the_host() {
    compare("floats");
}

#[test]
fn calls_with_many_arguments_and_wide_results_agree_with_the_host() {
    compare("calls");
}

#[test]
fn copies_comparisons_and_sorting_agree_with_the_host() {
    compare("memory");
}

fn compare(name: &str) {
    let group = GROUPS.iter().position(|(group, _)| *group == name).expect("the group exists");
    let count = if std::env::var_os("PLIMSOLL_NIGHTLY").is_some() { NIGHTLY_INPUTS } else { INPUTS };
    let mut differences = Vec::new();
    for arch in ARCHS {
        let program = built_program("plimsoll-sbf-arithmetic", arch);
        let mut machine = Machine::load(Pubkey::new_unique(), &program);
        for (index, (operation, function)) in GROUPS[group].1.iter().enumerate() {
            let inputs = inputs(group as u64 * 1000 + index as u64, count);
            let outputs = machine.outputs(group, index, &inputs);
            let differing: Vec<_> = inputs
                .iter()
                .zip(&outputs)
                .filter_map(|(input, found)| {
                    let mut expected = Output::default();
                    function(input, &mut expected);
                    (expected.to_bytes() != *found).then(|| (input, expected.to_bytes(), found))
                })
                .collect();
            if let Some((input, expected, found)) = differing.first() {
                differences.push(format!(
                    "{arch}: {operation} differs on {} of {count} inputs, first on {input:x?}\n  host    {}\n  machine {}",
                    differing.len(),
                    words(expected),
                    words(found.as_slice()),
                ));
            }
        }
    }
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

fn words(bytes: &[u8]) -> String {
    let words = bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")));
    words.map(|word| format!("{word:x}")).collect::<Vec<_>>().join(" ")
}
