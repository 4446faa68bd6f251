/*
 * The sweep: what may be deleted without anybody having asked for it.
 *
 * One owner has a first incarnation that is made and destroyed, and a second one that stays. The provider breaks its word: what was
 * observed absent and closed comes back, up to twice. Strangers take the name, people delete and copy by hand. The sweep lists, judges and
 * removes in separate steps, between which all of that may happen, and it may crash anywhere.
 * README.md says which code each part stands for, and what is left out.
 */

#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef RETURNS
#define RETURNS 2
#endif
#ifndef SURPRISES
#define SURPRISES 2
#endif

#define names 3
#define first 0               /* of the incarnation that is destroyed */
#define second 1              /* of the one that stays */
#define unknown 2             /* has our mark, and never had an INTENT */

mtype:content = { absent, ours, stranger, copied };   /* copied: the mark of our installation, another nonce */
mtype:phase = { none, intended, live, removing, gone };

/* The provider. */
mtype:content content[names];
byte identity[names];         /* of the object: another one each time that one is made */
bit young[names];

/* The ledger, and the one slot of the owner. */
mtype:phase phase[names];
bit busy;
bit sweeps_first;             /* a run of kind sweep is unfinished */

byte crashes = CRASHES;
byte returns = RETURNS;
byte surprises = SURPRISES;

/* What only the properties need: in how many sweeps this very object was seen as an orphan. */
byte seen_in[names];

inline appear(which, what)
{
    content[which] = what;
    identity[which]++;
    young[which] = 1;
    seen_in[which] = 0
}

inline disappear(which)
{
    content[which] = absent;
    young[which] = 0;
    seen_in[which] = 0
}

/* The owner's own runs, each alone in its slot. run.pml shows how they come to an end. */
proctype Owner()
{
    atomic { !busy -> busy = 1; phase[first] = intended };
    atomic { appear(first, ours) };
    atomic { phase[first] = live; busy = 0 };

    atomic { !busy -> busy = 1; phase[first] = removing };
    atomic { disappear(first) };
    atomic { phase[first] = gone; busy = 0 };

    atomic { !busy -> busy = 1; phase[second] = intended };
    atomic { appear(second, ours) };
    atomic { phase[second] = live; busy = 0 }
}

/* Nobody of ours. */
proctype Others()
{
end_others:
    do
    :: atomic { returns > 0 && phase[first] == gone && content[first] == absent -> returns--; appear(first, ours) }
    :: atomic { surprises > 0 && phase[first] == gone && content[first] == absent -> surprises--; appear(first, stranger) }
    :: atomic { surprises > 0 && phase[first] == gone && content[first] == absent -> surprises--; appear(first, copied) }
    /* By hand, and not by us. */
    :: atomic { surprises > 0 && phase[first] == gone && content[first] != absent -> surprises--; disappear(first) }
    /* A quarter of an hour has passed. */
    :: atomic { young[first] -> young[first] = 0 }
    :: atomic { young[second] -> young[second] = 0 }
    od
}

#ifdef SWEEP_WITHOUT_LEDGER
#define is_orphan(which) true
#else
#define is_orphan(which) (phase[which] == gone && listed[which] == ours)
#endif

#ifdef SWEEP_AT_FIRST_SIGHT
#define was_seen_before(which) true
#elif defined(SEEN_BY_NAME)
#define was_seen_before(which) (seen[which] != 0)
#else
#define was_seen_before(which) (seen[which] == listed_identity[which])
#endif

#ifdef SWEEP_THE_YOUNG
#define is_old(which) true
#else
#define is_old(which) (!listed_young[which])
#endif

#ifdef SWEEP_BESIDE_A_RUN
#define slot_is_free true
#else
#define slot_is_free (!busy)
#endif

#ifdef REMOVE_BY_NAME
#define is_proved(which) (content[which] != absent)
#else
#define is_proved(which) (content[which] == ours && identity[which] == proof)
#endif

proctype Sweeper()
{
    byte seen[names];         /* in the last sweep, by identity: remembered by the process alone */
    mtype:content listed[names];
    byte listed_identity[names];
    bit listed_young[names];
    bit ripe[names];
    byte at;
    byte proof;

next_sweep:
end_sweep:
    /* Sweeps never end; a model that has nothing more to find may rest. */
    atomic {
        if
        :: crashes > 0 -> crashes--; goto crash
        :: true
        fi;
        at = 0
    };

    /* The inventory, page by page. A page that does not come ends the sweep, and nothing is concluded. */
    do
    :: atomic {
           at < names ->
           if
           :: content[at] == ours || content[at] == copied ->
               listed[at] = content[at];
               listed_identity[at] = identity[at];
               listed_young[at] = young[at]
           :: else ->
               listed[at] = absent
           fi;
           at++
       }
    :: atomic { at == names -> at = 0; break }
#ifndef NO_FAULTS
    :: atomic { at < names -> goto forget_list }
#endif
    od;

    /* The ledger is read after the list: whatever was made meanwhile had its row before. */
    do
    :: atomic {
           at < names ->
           ripe[at] = 0;
           if
           :: listed[at] != absent && !busy && is_orphan(at) ->
               ripe[at] = was_seen_before(at) && is_old(at);
#ifdef FORGET_SIGHTINGS
               seen[at] = 0;
#else
               seen[at] = listed_identity[at];
#endif
               if
               :: content[at] == ours && identity[at] == listed_identity[at] && seen_in[at] < 2 -> seen_in[at]++
               :: else
               fi
           :: else -> seen[at] = 0
           fi;
           at++
       }
    :: atomic { at == names -> at = 0; break }
    od;

    do
    :: atomic { at < names && !ripe[at] -> at++ }
    :: atomic {
           at < names && ripe[at] ->
           ripe[at] = 0;
           if
           :: slot_is_free ->
               /* A run of kind sweep: its INTENT, the row and the owner's slot are one commit. */
               assert(!busy);                                  /* one run of an owner at a time */
               busy = 1;
               phase[at] = removing;
               proof = listed_identity[at];
               goto remove
           :: !slot_is_free -> at++
           fi
       }
    :: atomic { at == names -> break }
    od;

forget_list:
    atomic {
        for (at : 0 .. names - 1) { listed[at] = absent; listed_identity[at] = 0; listed_young[at] = 0; ripe[at] = 0 };
        at = 0;
        goto next_sweep
    };

remove:
    atomic {
        if
        :: crashes > 0 -> crashes--; goto crash
        :: is_proved(at) ->
            assert(content[at] == ours);                        /* I8 */
            assert(at == first);                                /* sweep: what is live, or has no INTENT, stays */
            assert(seen_in[at] == 2);                           /* sweep: seen twice */
            assert(!young[at]);                                 /* sweep: not young */
            disappear(at)
        :: !is_proved(at)
#ifndef NO_FAULTS
        /* The request is lost. */
        :: is_proved(at)
#endif
        fi
    };
    atomic {
        if
        :: crashes > 0 -> crashes--; goto crash
        /* What has the name and is not this very object is absence, as for every removal. */
        :: !is_proved(at) -> phase[at] = gone; busy = 0; proof = 0; goto forget_list
        :: is_proved(at) -> goto remove
        fi
    };

/* The process forgets what it saw. The run that it began is finished by whoever takes over; its proof is in the ledger. */
crash:
    atomic {
        for (at : 0 .. names - 1) { seen[at] = 0; listed[at] = absent; listed_identity[at] = 0; listed_young[at] = 0; ripe[at] = 0 };
        at = first;
        if
        :: proof != 0 -> goto remove
        :: else -> at = 0; goto next_sweep
        fi
    }
}

init {
    byte at;
    atomic {
        for (at : 0 .. names - 1) { content[at] = absent; phase[at] = none };
        content[unknown] = copied;
        identity[unknown] = 1;
        at = 0;
        run Owner();
        run Others();
        run Sweeper()
    }
}

/* Whatever comes back is collected, while the sweeps go on. */
#define is_left_over (content[first] == ours && phase[first] == gone)
ltl collected { [] (is_left_over -> <> !is_left_over) }
