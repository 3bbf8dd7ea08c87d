-- A priority as seven bytes that sort as it does: its sum with 2^53, in two numbers (packed as
-- I4I3), since a double holds the sum itself only to the nearest even number.

local priorities = {}

local LOW = 16777216 -- 2^24
local BIAS = 536870912 -- 2^53 / LOW

function priorities.split(priority)
  return math.floor(priority / LOW) + BIAS, priority % LOW
end

function priorities.join(high, low)
  return (high - BIAS) * LOW + low
end

return priorities
