use plimsoll_sim::world::*;
fn main() {
    let dir = std::env::var("TRACE_OUT").unwrap();
    let mut world = World::new();
    world.default_listing();
    let alice = world.trader("alice");
    world.deposit(&alice, USDC, 1_000_000_000).unwrap();
    world.deposit(&alice, SOL, 1_000_000_000).unwrap();
    world.deposit(&alice, BTC, 10_000_000).unwrap();
    for f in std::fs::read_dir(&dir).unwrap() {
        let _ = std::fs::remove_file(f.unwrap().path());
    }
    let call = plimsoll_sdk::ix::check_margin(&world.keys, alice.account, 3);
    let sent = world.chain.simulate(&alice.owner, &[call]).unwrap();
    println!("{}", sent.compute_units_consumed);
}
