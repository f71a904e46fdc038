internal import Redis

/// The scripts that count, each atomic, by the clock of Redis.
///
/// Each touches one key, or keys of one slot, so that a Redis Cluster runs them; every key ends when what it counts is over. After its
/// clock was set back nobody waits longer than a count takes at most.
enum LimitScripts {
    /// A token bucket: what it held, and when.
    ///
    /// KEYS: the bucket. ARGV: how many it holds, in how many microseconds it fills up, how many are needed, wished for beyond that, and
    /// given back, and which part of the rest may be wished for. Answers how many are given, how many are left, and the milliseconds
    /// until there is one.
    static let take = RedisScript(
        """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000000 + clock[2]
        local most, window, needed = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local tokens = most
        local kept = redis.call('GET', KEYS[1])
        if kept then
          local level, at = string.match(kept, '^(%S+) (%S+)$')
          -- A clock that was set back gives nothing and takes nothing.
          local passed = math.max(0, now - tonumber(at))
          tokens = math.min(most, tonumber(level) + passed * most / window + tonumber(ARGV[5]))
        end
        local given = math.min(needed, math.floor(tokens))
        if given == needed then
          given = given + math.min(tonumber(ARGV[4]), math.floor((tokens - given) / tonumber(ARGV[6])))
        end
        tokens = tokens - given
        local ends = math.ceil((most - tokens) * window / most / 1000)
        if ends > 0 then
          redis.call('SET', KEYS[1], string.format('%.17g %.0f', tokens, now), 'PX', ends)
        elseif kept then
          redis.call('DEL', KEYS[1])
        end
        local wait = 0
        if given < needed then wait = math.ceil((1 - tokens) * window / most / 1000) end
        return {given, math.floor(tokens), wait}
        """
    )

    /// Failures that leak away one after the other, kept as the moment at which the last of them will have (GCRA, ITU-T I.371).
    ///
    /// KEYS: whose. ARGV: how many are free, in how many milliseconds they leak away, and how many there are now. Answers for how many
    /// milliseconds whoever failed is to be left alone.
    static let failures = RedisScript(
        """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        local window = tonumber(ARGV[2])
        local pace = window / tonumber(ARGV[1])
        local ends = tonumber(redis.call('GET', KEYS[1]) or 0)
        if ends > now + window then
          -- The clock was set back, as by a failover.
          ends = now + window
          redis.call('SET', KEYS[1], string.format('%.3f', ends), 'PX', window)
        end
        if tonumber(ARGV[3]) > 0 then
          -- Those that were under way when all were used up make it no longer.
          ends = math.min(math.max(ends, now) + pace * tonumber(ARGV[3]), now + window)
          redis.call('SET', KEYS[1], string.format('%.3f', ends), 'PX', math.ceil(ends - now))
        end
        return math.max(0, math.ceil(ends - now - (window - pace) - 0.01))
        """
    )

    /// Messages of a user, all with one text.
    ///
    /// KEYS: how fast the user sends, how fast links, and the operations that said this text. ARGV: how many messages at once and in how
    /// many milliseconds they are free again; the same of links, none of them where these are none or do not matter; the same of one text;
    /// then the operations. Answers the number of the rule that refuses them, or none, and for how many milliseconds.
    static let judge = RedisScript(
        """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        local fresh = {}
        for index = 7, #ARGV do
          if redis.call('SISMEMBER', KEYS[3], ARGV[index]) == 0 then fresh[#fresh + 1] = ARGV[index] end
        end
        if #fresh == 0 then return {0, 0} end

        local said = redis.call('SCARD', KEYS[3])
        if said + #fresh > tonumber(ARGV[5]) then
          local rest = redis.call('PTTL', KEYS[3])
          if rest > tonumber(ARGV[6]) then
            -- The clock was set back, as by a failover; so below.
            rest = tonumber(ARGV[6])
            redis.call('PEXPIRE', KEYS[3], ARGV[6])
          end
          return {1, rest > 0 and rest or tonumber(ARGV[6])}
        end
        local function paced(key, most, window)
          local kept = tonumber(redis.call('GET', key) or 0)
          if kept > now + window + 1 then
            kept = now + window
            redis.call('SET', key, string.format('%.3f', kept), 'PX', window)
          end
          local ends = math.max(kept, now) + window / most * #fresh
          return ends, math.floor(ends - now - window)
        end
        local pace, late = paced(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]))
        if late > 0 then return {2, late} end
        if tonumber(ARGV[3]) > 0 then
          local links, early = paced(KEYS[2], tonumber(ARGV[3]), tonumber(ARGV[4]))
          if early > 0 then return {3, early} end
          redis.call('SET', KEYS[2], string.format('%.3f', links), 'PX', math.ceil(links - now))
        end
        redis.call('SET', KEYS[1], string.format('%.3f', pace), 'PX', math.ceil(pace - now))
        redis.call('SADD', KEYS[3], unpack(fresh))
        if said == 0 then redis.call('PEXPIRE', KEYS[3], ARGV[6]) end
        return {0, 0}
        """
    )
}
