-- So many starts in so much time: a token bucket kept in one number (GCRA). Times are milliseconds.
--
-- A bucket holds up to `burst` tokens and gets one every `interval`; a start takes one. `tat`, the
-- theoretical arrival time, is when the bucket is full again: nil, or passed, when it is. With a
-- burst of 1 starts come evenly, with the whole count they may come all at once.

local rate = {}

-- Multiples of 1 / GRAIN add up without rounding while times stay below 2^43 ms (the year 2248).
local GRAIN = 1024

-- The time between two tokens at `count` a `period`, short by less than 1 / GRAIN.
function rate.interval(count, period)
  return math.max(math.floor(period * GRAIN / count), 1) / GRAIN
end

-- How many tokens are there.
function rate.open(tat, now, interval, burst)
  local missing = math.max((tat or now) - now, 0)
  return math.max(math.floor((burst * interval - missing) / interval), 0)
end

-- The state after `count` tokens (one, when it is left out) have been taken.
function rate.take(tat, now, interval, count)
  return math.max(tat or now, now) + (count or 1) * interval
end

-- The state when the interval or the burst has changed: as many tokens are missing as before.
function rate.changed(tat, now, before, interval, burst)
  local missing = math.min(math.max(tat - now, 0) / before, burst)
  return now + math.ceil(missing * interval * GRAIN) / GRAIN
end

-- The first whole millisecond at which `count` tokens (at most `burst`) are there, when none is
-- taken until then. It may have passed.
function rate.moment(tat, interval, burst, count)
  return math.ceil((tat or 0) - (burst - count) * interval)
end

return rate
