//! How a price slot is configured (`price_settings!` of `plimsoll_state`): what it has to satisfy beside its bounds.

use plimsoll_risk::oracle::{PriceSource, DEFAULT_FAST_SECS, DEFAULT_SLOW_SECS};
use plimsoll_risk::params::{Contradiction, GlobalParams};
use plimsoll_state::{Feed, OracleKind, OracleSource, PriceSlot};
use solana_pubkey::Pubkey;

use super::{ensure, SettingError};
use crate::{EngineError, OracleSourceArgs, PriceConfigArgs};

impl OracleSourceArgs {
    /// Each kind pins exactly what identifies its account, and nothing that would be ignored.
    fn validate<E: SettingError>(&self) -> Result<OracleKind, E> {
        let kind = OracleKind::try_from(self.kind).map_err(|_| EngineError::UnknownValue)?;
        let (nobody, of_pyth) = (Pubkey::default(), self.queue == Pubkey::default() && self.min_samples == 0);
        let pins = match kind {
            OracleKind::None => false,
            OracleKind::PythPinned => self.address != nobody && of_pyth,
            OracleKind::PythPosted => self.address == nobody && of_pyth,
            OracleKind::SwitchboardPull => self.address != nobody && self.queue != nobody && self.min_samples > 0,
        };
        ensure!(pins && self.program != nobody && self.feed_id != [0; 32], EngineError::ParameterOutOfBounds);
        Ok(kind)
    }

    /// Whether both read the same account, or updates of the same feed where the caller chooses it.
    fn reads_with(&self, other: &Self) -> bool {
        let chosen =
            self.address == Pubkey::default() && self.program == other.program && self.feed_id == other.feed_id;
        self.address == other.address && (chosen || self.address != Pubkey::default())
    }

    /// The source as stored, never read before.
    fn to_source(self) -> OracleSource {
        OracleSource {
            address: self.address.to_bytes(),
            program: self.program.to_bytes(),
            feed_id: self.feed_id,
            queue: self.queue.to_bytes(),
            published_at: 0,
            kind: self.kind,
            min_samples: self.min_samples,
            _pad: [0; 6],
        }
    }
}

impl PriceConfigArgs {
    /// Every bound and condition of a slot's configuration (PRICE-6).
    ///
    /// # Errors
    /// `UnknownValue`, `ParameterOutOfBounds`, `TestClusterOnly`.
    #[inline(never)]
    pub fn validate<E: SettingError>(&self, params: &GlobalParams, test_cluster: bool) -> Result<(), E> {
        let primary = self.primary.validate::<E>()?;
        if let Some(secondary) = &self.secondary {
            secondary.validate::<E>()?;
            // An account that the caller chooses cannot show that its source is silent.
            ensure!(primary != OracleKind::PythPosted, EngineError::ParameterOutOfBounds);
            // An account cannot be its own substitute.
            ensure!(secondary.address != self.primary.address, EngineError::ParameterOutOfBounds);
        }
        if let Some(standby) = &self.standby {
            standby.validate::<E>()?;
            // Nor its own standby: what is listed beside it was found to be wrong.
            let listed = [Some(&self.primary), self.secondary.as_ref()];
            let same = listed.into_iter().flatten().any(|source| source.reads_with(standby));
            ensure!(!same, EngineError::ParameterOutOfBounds);
        }
        let shorter = self.fast_secs() < DEFAULT_FAST_SECS || self.slow_secs() < DEFAULT_SLOW_SECS;
        ensure!(test_cluster || !shorter, EngineError::TestClusterOnly);
        Ok(Contradiction::BOUNDS.unless(self.is_within_bounds(params))?)
    }

    /// Writes the configuration; prices, averages and variance stay.
    ///
    /// A source whose pins stay keeps its last publish time, so that none of its updates counts twice. One with new
    /// pins starts without: its times are another's, and the held publish time still strictly increases.
    ///
    /// A price that is switched to its standby stays switched to it, whatever becomes of the sources that do not count
    /// then. It ends where the standby is taken away, and where it becomes the primary, which begins nothing anew.
    ///
    /// Whether a source that counts from now on is another one than before.
    #[inline(never)]
    pub fn write(&self, slot: &mut PriceSlot, feed: &mut Feed) -> bool {
        let wanted = [Some(self.primary), self.secondary, self.standby];
        let wanted = wanted.map(|args| args.map_or_else(bytemuck::Zeroable::zeroed, OracleSourceArgs::to_source));
        promote_standby(feed, &wanted);
        let on_standby = feed.on_standby == 1;
        let mut renamed = false;
        for (place, (stored, mut source)) in feed.sources.iter_mut().zip(wanted).enumerate() {
            if same_pins(stored, &source) {
                source.published_at = stored.published_at;
            } else {
                renamed |= (place == PriceSource::Standby.index()) == on_standby;
            }
            *stored = source;
        }
        if !feed.has_standby() {
            feed.on_standby = 0;
        }
        self.store(feed, slot);
        renamed
    }
}

/// Makes a standby that is in use the primary where it is wanted as that: the price then goes on as it is.
fn promote_standby(feed: &mut Feed, [primary, ..]: &[OracleSource; PriceSource::COUNT]) {
    let standby = *feed.source(PriceSource::Standby);
    if feed.on_standby == 1 && same_pins(&standby, primary) {
        let [stored, ..] = &mut feed.sources;
        (*stored, feed.on_standby) = (standby, 0);
    }
}

/// Whether both read the same updates; another number of samples does not make another source.
fn same_pins(a: &OracleSource, b: &OracleSource) -> bool {
    (a.kind, a.address, a.program, a.feed_id, a.queue) == (b.kind, b.address, b.program, b.feed_id, b.queue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    fn pyth(kind: OracleKind, address: u8) -> OracleSourceArgs {
        OracleSourceArgs {
            kind: kind as u8,
            address: Pubkey::new_from_array([address; 32]),
            program: Pubkey::new_from_array([9; 32]),
            feed_id: [3; 32],
            queue: Pubkey::default(),
            min_samples: 0,
        }
    }

    fn switchboard() -> OracleSourceArgs {
        let queue = Pubkey::new_from_array([5; 32]);
        OracleSourceArgs { queue, min_samples: 3, ..pyth(OracleKind::SwitchboardPull, 2) }
    }

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    fn config() -> PriceConfigArgs {
        PriceConfigArgs {
            primary: pyth(OracleKind::PythPinned, 1),
            secondary: Some(switchboard()),
            fastest_fall_ppm_per_sec: 2_100,
            update_secs: 2,
            ..Default::default()
        }
    }

    fn refused(config: PriceConfigArgs, error: EngineError) {
        assert_eq!(config.validate(&GlobalParams::DEFAULT, false), Err(error), "{config:?}");
    }

    #[test]
    fn a_source_pins_exactly_what_its_kind_needs() {
        config().validate::<EngineError>(&GlobalParams::DEFAULT, false).unwrap();
        PriceConfigArgs { primary: pyth(OracleKind::PythPosted, 0), secondary: None, ..config() }
            .validate::<EngineError>(&GlobalParams::DEFAULT, false)
            .unwrap();
        let nobody = Pubkey::default();
        for primary in [
            pyth(OracleKind::None, 1),
            pyth(OracleKind::PythPinned, 0),
            OracleSourceArgs { program: nobody, ..config().primary },
            OracleSourceArgs { feed_id: [0; 32], ..config().primary },
            OracleSourceArgs { min_samples: 1, ..config().primary },
            OracleSourceArgs { queue: nobody, ..switchboard() },
            OracleSourceArgs { min_samples: 0, ..switchboard() },
            OracleSourceArgs { address: nobody, ..switchboard() },
        ] {
            refused(PriceConfigArgs { primary, secondary: None, ..config() }, EngineError::ParameterOutOfBounds);
        }
        let primary = pyth(OracleKind::PythPosted, 1);
        refused(PriceConfigArgs { primary, secondary: None, ..config() }, EngineError::ParameterOutOfBounds);
        let primary = OracleSourceArgs { kind: 4, ..config().primary };
        refused(PriceConfigArgs { primary, ..config() }, EngineError::UnknownValue);
    }

    #[test]
    fn a_secondary_needs_a_pinned_primary_that_is_another_account() {
        let primary = pyth(OracleKind::PythPosted, 0);
        refused(PriceConfigArgs { primary, ..config() }, EngineError::ParameterOutOfBounds);
        let secondary = Some(config().primary);
        refused(PriceConfigArgs { secondary, ..config() }, EngineError::ParameterOutOfBounds);
    }

    /// PRICE-10
    #[test]
    fn a_standby_is_a_whole_source_and_none_of_the_others() {
        let accepted = |config: PriceConfigArgs| config.validate::<EngineError>(&GlobalParams::DEFAULT, false).is_ok();
        let standby = |standby| PriceConfigArgs { standby: Some(standby), ..config() };
        let posted = pyth(OracleKind::PythPosted, 0);
        for good in [pyth(OracleKind::PythPinned, 4), posted, OracleSourceArgs { address: key(4), ..switchboard() }] {
            assert!(accepted(standby(good)), "{good:?}");
        }
        let alone = PriceConfigArgs { primary: posted, secondary: None, ..config() };
        let other = OracleSourceArgs { feed_id: [4; 32], ..posted };
        let elsewhere = OracleSourceArgs { program: key(4), ..posted };
        assert!(accepted(PriceConfigArgs { standby: Some(other), ..alone }));
        assert!(accepted(PriceConfigArgs { standby: Some(elsewhere), ..alone }));
        refused(PriceConfigArgs { standby: Some(posted), ..alone }, EngineError::ParameterOutOfBounds);
        for bad in [
            config().primary,
            switchboard(),
            pyth(OracleKind::None, 4),
            OracleSourceArgs { address: config().primary.address, ..switchboard() },
            OracleSourceArgs { feed_id: [0; 32], ..pyth(OracleKind::PythPinned, 4) },
        ] {
            refused(standby(bad), EngineError::ParameterOutOfBounds);
        }
        refused(standby(OracleSourceArgs { kind: 4, ..config().primary }), EngineError::UnknownValue);
    }

    /// PRICE-9, PRICE-10
    #[test]
    fn what_counts_is_another_source_only_where_its_own_pins_change() {
        let (first, standby) = (config(), pyth(OracleKind::PythPinned, 6));
        let with = |standby| PriceConfigArgs { standby, ..first };
        let (other_primary, other_secondary) = (
            PriceConfigArgs { primary: pyth(OracleKind::PythPinned, 7), ..with(Some(standby)) },
            PriceConfigArgs { secondary: None, ..with(Some(standby)) },
        );
        let other_standby = with(Some(pyth(OracleKind::PythPinned, 8)));
        let promoted = PriceConfigArgs { primary: standby, ..with(None) };
        let promoted_anew = PriceConfigArgs { secondary: None, ..promoted };
        // Asked for, while the listed ones count and while the standby does: whether it is another, and whether it counts.
        for (asked, listed, on_standby) in [
            (with(Some(standby)), (false, 0), (false, 1)),
            (other_primary, (true, 0), (false, 1)),
            (other_secondary, (true, 0), (false, 1)),
            (other_standby, (false, 0), (true, 1)),
            (with(None), (false, 0), (true, 0)),
            (promoted, (true, 0), (false, 0)),
            (promoted_anew, (true, 0), (true, 0)),
        ] {
            for (switched, expected) in [(0, listed), (1, on_standby)] {
                let (mut slot, mut feed) = (PriceSlot::zeroed(), Feed::zeroed());
                with(Some(standby)).write(&mut slot, &mut feed);
                feed.sources.iter_mut().zip([7, 8, 9]).for_each(|(source, at)| source.published_at = at);
                feed.on_standby = switched;
                let renamed = asked.write(&mut slot, &mut feed);
                assert_eq!((renamed, feed.on_standby), expected, "{switched} {asked:?}");
                let stored = PriceConfigArgs::in_force(&feed, &slot);
                assert_eq!(
                    (stored.primary, stored.secondary, stored.standby),
                    (asked.primary, asked.secondary, asked.standby)
                );
                // Its own time goes with it.
                let goes_on = switched == 1 && asked.primary == standby;
                assert!(!goes_on || feed.sources[0].published_at == 9);
            }
        }
    }

    /// PRICE-6
    #[test]
    fn shorter_averages_are_for_test_clusters_and_every_constant_has_bounds() {
        for (fast_secs, slow_secs) in [(Some(14), None), (None, Some(3_599)), (Some(1), Some(60))] {
            let config = PriceConfigArgs { fast_secs, slow_secs, ..config() };
            refused(config, EngineError::TestClusterOnly);
            config.validate::<EngineError>(&GlobalParams::DEFAULT, true).unwrap();
        }
        for (fast_secs, slow_secs) in [(Some(0), None), (Some(301), None), (Some(60), Some(59)), (None, Some(86_401))] {
            let config = PriceConfigArgs { fast_secs, slow_secs, ..config() };
            assert_eq!(
                config.validate(&GlobalParams::DEFAULT, true),
                Err(EngineError::ParameterOutOfBounds),
                "{config:?}"
            );
        }
        for (fall, update_secs) in [(0, 2), (100_001, 2), (2_100, 0), (2_100, 3_601)] {
            let config = PriceConfigArgs { fastest_fall_ppm_per_sec: fall, update_secs, ..config() };
            refused(config, EngineError::ParameterOutOfBounds);
        }
    }

    #[test]
    fn only_a_source_with_new_pins_loses_its_publish_time() {
        let (mut slot, mut feed) = (PriceSlot::zeroed(), Feed::zeroed());
        config().write(&mut slot, &mut feed);
        (feed.sources[0].published_at, feed.sources[1].published_at) = (7, 8);
        let secondary = Some(OracleSourceArgs { min_samples: 4, ..switchboard() });
        PriceConfigArgs { secondary, ..config() }.write(&mut slot, &mut feed);
        assert_eq!((feed.sources[0].published_at, feed.sources[1].published_at), (7, 8));
        PriceConfigArgs { primary: pyth(OracleKind::PythPinned, 4), secondary: None, ..config() }
            .write(&mut slot, &mut feed);
        assert_eq!((feed.sources[0].published_at, feed.sources[1].published_at, feed.sources[1].kind), (0, 0, 0));
    }
}
