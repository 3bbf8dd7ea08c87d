-- The slots of a template, counted from the next one, which is number 0. With an interval they go
-- on without end. With a calendar, which only clients can read, they are the moments that are
-- stored, ascending; all that come up to `known` are among them, later ones are not known yet.

local limits = require("rules.limits")

local slots = {}

-- The moment of a slot; infinite: it is not known.
function slots.nth(template, number)
  if template.moments then
    return template.moments[number + 1] or math.huge
  end
  return template.due + number * template.interval
end

-- How many slots come before a moment.
function slots.before(template, moment)
  local moments = template.moments
  if not moments then
    return math.max(math.ceil((moment - template.due) / template.interval), 0)
  end
  local count = 0
  while count < #moments and moments[count + 1] < moment do
    count = count + 1
  end
  return count
end

-- The last moment at which a slot may be.
local function last(template)
  local moment = template.options["until"] or 0
  return moment > 0 and moment or math.huge
end

-- How many children may still be made.
local function left(template)
  local count = template.options.count or 0
  return count > 0 and math.max(count - template.count, 0) or math.huge
end

-- How many of the slots that have come are made at most, the newest of them. One child that waits
-- for an earlier one, or takes its place, is enough at a time.
function slots.newest(template)
  local options = template.options
  local single = options.missed == "skip"
    or options.missed == "one"
    or options.overlap == "skip"
    or options.overlap == "replace"
  if single then
    return 1
  end
  local backlog = options.backlog or 0
  if backlog == 0 then
    return math.huge
  end
  return template.moments and math.min(backlog, limits.NEWEST) or backlog
end

-- The moment before which a slot is missed for good.
local function lost(template, now)
  return template.options.missed == "skip" and now - limits.LATE or 0
end

-- By now: the number of the first slot that is to be made, and how many are. resumed: when the
-- queue was; slots before that are skipped.
function slots.pending(template, now, resumed)
  local come = slots.before(template, math.min(now, last(template)) + 1)
  local first = slots.before(template, math.max(resumed, lost(template, now)))
  local count = math.max(come - first, 0)
  local most = slots.newest(template)
  if count > most then
    count = math.min(most, left(template))
    first = come - count
  end
  return first, math.min(count, left(template))
end

-- Whether what is to be made up for cannot be told yet: the moments that are known ended long ago,
-- and only the newest slots count.
function slots.in_the_dark(template, now)
  return template.moments
    and template.known < math.min(now - limits.LATE, last(template))
    and slots.newest(template) < math.huge
end

-- Whether no child will ever be made any more.
function slots.over(template)
  if left(template) == 0 then
    return true
  end
  local due = slots.nth(template, 0)
  if due == math.huge then
    due = template.known + 1
  end
  return due > last(template)
end

-- Moves on to the first slot that is not before a moment.
function slots.pass(template, moment)
  local number = slots.before(template, moment)
  template.due = slots.nth(template, number)
  if template.moments then
    template.moments = { unpack(template.moments, number + 1) }
  end
end

-- Which moments a refill is to bring: those after `after`, of those up to `upto` only the newest
-- (0: all).
function slots.wanted(template, now)
  local newest = slots.newest(template)
  return {
    after = math.max(template.known, lost(template, now) - 1),
    upto = math.min(now, last(template)),
    newest = newest == math.huge and 0 or newest,
  }
end

return slots
