internal import Redis

/// The scripts that put presence together, each atomic, by the clock of Redis.
///
/// Users are spread over buckets, and the keys of a bucket share a hash tag, so that on Redis Cluster one script may touch them:
/// a sorted set of users by when to look at them again; a hash of what was told of them, a letter and the time; a stream of the
/// last minute's changes; and for every present user a hash of what each voice says, as a letter, when that ends, and when it
/// was said.
enum PresenceScripts {
    /// KEYS: the set, what was told, the changes, then the hash of each user.
    ///
    /// ARGV: the voice, the least time between two news of a user in milliseconds, then for each user the id, the letter that the
    /// voice says (or nothing, to only look), and for how many milliseconds. Answers for each user, as one text, the id, the
    /// letter told before, the letter now, whether that is news, when a voice last spoke, and when others were last told.
    static let report = RedisScript(
        """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        local voice, pause = ARGV[1], tonumber(ARGV[2])
        local ranks = {f = 0, a = 1, o = 2, d = 3, i = 4}
        local answer, named = {}, nil
        for index = 4, #KEYS do
          local key, user, says = KEYS[index], ARGV[index * 3 - 9], ARGV[index * 3 - 8]
          if says ~= '' then
            local ends = now + tonumber(ARGV[index * 3 - 7])
            redis.call('HSET', key, voice, string.format('%s %.0f %.0f', says, ends, now))
          end
          local status, first, last, seen = 'f', nil, 0, 0
          local fields = redis.call('HGETALL', key)
          for field = 1, #fields, 2 do
            local letter, ends, at = string.match(fields[field + 1], '(%a) (%d+) (%d+)')
            ends, at = tonumber(ends), tonumber(at)
            seen = math.max(seen, at)
            if ends <= now then
              redis.call('HDEL', key, fields[field])
            else
              if ranks[letter] > ranks[status] then status = letter end
              first, last = math.min(first or ends, ends), math.max(last, ends)
            end
          end
          -- Kept beyond its end, so that whoever looks then still finds when the user was last seen.
          if first then redis.call('PEXPIRE', key, math.ceil(last - now) + 3600000) end
          local before, since = string.match(redis.call('HGET', KEYS[2], user) or 'f 0', '(%a) (%d+)')
          local free = tonumber(since) + pause
          local isNews = before ~= status and now >= free
          local look = first
          if seen == 0 then seen = now end
          if isNews then
            -- Named by the clock, but later than the last one: the clock of a replica that takes over may be behind.
            local last = not named and redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
            named = named or last and tonumber(string.match(last[2][2], '(%d+)$')) or 0
            named = now >= named and now or named + 1
          end
          local state = string.format(
            '%s %s %s %d %.0f %.0f', user, before, status, isNews and 1 or 0, seen, isNews and named or tonumber(since)
          )
          if isNews then
            redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'state', state)
            redis.call('HSET', KEYS[2], user, string.format('%s %.0f', status, now))
            look = look or now + pause
          elseif before ~= status then
            look = math.min(look or free, free)
          elseif not look and now < free then
            look = free
          end
          if look then
            redis.call('ZADD', KEYS[1], string.format('%.0f', look), user)
          else
            redis.call('ZREM', KEYS[1], user)
            redis.call('HDEL', KEYS[2], user)
          end
          answer[#answer + 1] = state
        end
        -- Of the last minute, and of a storm as much as is read within it.
        if named then redis.call('XTRIM', KEYS[3], 'MINID', '~', string.format('%.0f', now - 60000)) end
        -- What no node has touched for a day is of an installation that is gone.
        redis.call('PEXPIRE', KEYS[1], 86400000)
        redis.call('PEXPIRE', KEYS[2], 86400000)
        redis.call('PEXPIRE', KEYS[3], 86400000)
        return answer
        """
    )

    /// KEYS: the set.
    ///
    /// ARGV: how many at most. Answers the users to look at now.
    static let due = RedisScript(
        """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[1])
        """
    )

    /// KEYS: the changes.
    ///
    /// ARGV: the time in milliseconds to begin with, or nothing to begin with what is to come; how old changes must be; how many
    /// at most. Answers the time to begin with next, and the changes of the last minute, as `report` answered them.
    static let changes = RedisScript(
        """
        local clock = redis.call('TIME')
        local last = clock[1] * 1000 + math.floor(clock[2] / 1000) - tonumber(ARGV[2])
        local first, states = tonumber(ARGV[1]), {}
        if not first then return {string.format('%.0f', last + 1), states} end
        -- Trimming leaves some that are older: by now, who has heard of them may no longer know that.
        first = math.max(first, last - 60000)
        local found = redis.call(
          'XRANGE', KEYS[1], string.format('%.0f', first), string.format('%.0f', last), 'COUNT', ARGV[3]
        )
        for index, entry in ipairs(found) do states[index] = entry[2][2] end
        if #found == tonumber(ARGV[3]) then
          -- Others of the same millisecond may follow.
          last = math.max(tonumber(string.match(found[#found][1], '%d+')) - 1, first)
        end
        return {string.format('%.0f', math.max(last + 1, first)), states}
        """
    )
}
