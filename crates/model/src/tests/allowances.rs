use num_traits::Zero;

use super::prng::Prng;
use crate::allowance::Allowance;
use crate::rational::{int, min, Q};

const HOUR: i64 = 3_600;

#[test]
fn no_hour_sees_more_than_the_bound_wherever_it_begins() {
    let mut rng = Prng::new(70);
    for _ in 0..500 {
        let (mut now, mut allowance, bound) = (0i64, Allowance::default(), int(rng.range(1, 100)));
        for _ in 0..60 {
            now += rng.range(0, 1_500) as i64;
            let amount = min(&int(rng.range(0, 60)), &allowance.room(&bound, HOUR, now));
            allowance.spend(amount, now);
        }
        for (begin, _) in &allowance.spent {
            let seen = allowance.spent.iter().filter(|(at, _)| (*begin..=begin + HOUR).contains(at));
            assert!(seen.fold(Q::zero(), |total, (_, q)| total + q) <= bound);
        }
    }
}
