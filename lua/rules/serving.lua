-- In which order a pop serves its queues.
--
-- ordered: as they are named. rotating: from the next one at each turn. weighted: the first in
-- proportion to the weights, the others after it likewise. It goes by the turn, a number that the
-- caller counts up: over the turns every queue comes first as often as its weight says, and the
-- same calls give the same order.

local serving = {}

local GOLDEN = (math.sqrt(5) - 1) / 2 -- whose multiples fall evenly between 0 and 1

serving.POLICIES = { ordered = true, rotating = true, weighted = true }

local function rotated(names, turn)
  local order = {}
  for position = 1, #names do
    order[position] = names[(position - 1 + turn) % #names + 1]
  end
  return order
end

-- The position at which the weights add up to more than this share of their sum.
local function pick(weights, share)
  local sum = 0
  for position = 1, #weights do
    sum = sum + weights[position]
  end
  local left = share * sum
  for position = 1, #weights do
    left = left - weights[position]
    if left < 0 then
      return position
    end
  end
  return #weights
end

local function drawn(names, weights, turn)
  local share = turn * GOLDEN % 1
  local order, rest, rest_weights = {}, { unpack(names) }, { unpack(weights) }
  while #rest > 0 do
    local position = pick(rest_weights, share)
    order[#order + 1] = table.remove(rest, position)
    table.remove(rest_weights, position)
  end
  return order
end

-- names: the queues. weights: of each, for the policy weighted. turn: an integer.
function serving.order(policy, names, weights, turn)
  if policy == "rotating" then
    return rotated(names, turn)
  elseif policy == "weighted" then
    return drawn(names, weights, turn)
  end
  return names
end

return serving
