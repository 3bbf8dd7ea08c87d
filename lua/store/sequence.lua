-- The one counter of a namespace. Places are drawn from it, so equals run in the order in which
-- they became runnable; so are the ids that the engine makes and the epochs of records.

local keys = require("store.keys")

local sequence = {}

-- A check announces what its apply is going to draw, so that the whole step draws in one call.
function sequence.need(step, amount)
  step.places = step.places + (amount or 1)
end

function sequence.draw(step)
  local drawn = step.drawn
  if not drawn or drawn.next > drawn.last then
    local amount = math.max(step.places, 1)
    local last = redis.call("INCRBY", keys.sequence(step), amount)
    drawn = { next = last - amount + 1, last = last }
    step.drawn = drawn
    step.places = 0
  end
  local number = drawn.next
  drawn.next = number + 1
  return number
end

return sequence
