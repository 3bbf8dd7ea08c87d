-- When recurring jobs are due. With an interval, a template's slots are due, due + interval, due +
-- 2 * interval and so on, in whole milliseconds: never rounded, and reckoned by division however
-- far behind it is. With a calendar they are the moments of that, see rules/slots.lua.

local limits = require("rules.limits")
local refuse = require("rules.refusal")
local slots = require("rules.slots")

local recurrence = {}

local COUNT = { kind = "integer", low = 0, high = limits.INTEGER - 1, default = 0, since = 1 }
local MOMENT = { kind = "integer", low = 0, high = limits.SEQUENCE - 1, default = 0, since = 1 }
local MISSED = { kind = "word", words = { skip = true, one = true, all = true }, since = 1 }
local OVERLAP = {
  kind = "word",
  words = { allow = true, skip = true, queue = true, replace = true },
  since = 1,
}
local CALENDAR = { kind = "text", most = limits.CALENDAR, since = 1 }

-- Options that the children of a template are put with, as in rules/options.lua.
local CARRIED = {
  "priority",
  "retries",
  "tags",
  "lease",
  "run_within",
  "kill_within",
  "backoff",
  "backoff_base",
  "backoff_cap",
  "backoff_jitter",
  "context",
  "keep_result",
  "limits",
  "order_key",
  "tenant",
  "retry_on",
  "give_up_on",
  "poison_after",
  "start_within",
  "if_late",
  "finish_within",
}

-- Options of a template itself.
-- missed: what becomes of slots that nobody came for in time. skip: a slot that is limits.LATE old
-- is not used, of others the newest; one: the newest; all: all, of which `backlog` leaves so many,
-- the newest (0: all). all is the default.
-- overlap: what becomes of a slot while the child before has not ended. allow: it is used, the
-- default; skip: it passes unused; queue: its child waits for the one before; replace: as queue,
-- and one before that does not run is cancelled.
-- until: slots after that moment are not used (0: no end). count: so many children are made (0: no
-- end). calendar: by which clients reckon the moments; the interval is 0 then.
local OWN = {
  { "backlog", COUNT },
  { "missed", MISSED },
  { "overlap", OVERLAP },
  { "until", MOMENT },
  { "count", COUNT },
  { "calendar", CALENDAR },
}

-- What a template can be put with; true: as in rules/options.lua.
recurrence.OPTIONS = { nonce = true }

-- What can be changed later, beside the payload.
recurrence.CHANGES = {
  interval = { kind = "integer", low = 1, high = limits.CENTURY, since = 1 },
  queue = { kind = "text", most = limits.NAME, since = 1 },
  klass = { kind = "text", most = limits.NAME, since = 1 },
  paused = { kind = "flag", since = 1 },
}

for position = 1, #CARRIED do
  local name = CARRIED[position]
  recurrence.OPTIONS[name], recurrence.CHANGES[name] = true, true
end
for position = 1, #OWN do
  local name, rule = OWN[position][1], OWN[position][2]
  recurrence.OPTIONS[name], recurrence.CHANGES[name] = rule, rule
end

-- Those of the options that a template is stored without: they stand beside its options.
recurrence.BESIDE = { nonce = true, calendar = true }

-- How many slots have come by now.
function recurrence.missed(due, interval, now)
  if due > now then
    return 0
  end
  return math.floor((now - due) / interval) + 1
end

-- The first slot that is not before `moment`.
function recurrence.reached(due, interval, moment)
  if due >= moment then
    return due
  end
  return due + math.ceil((moment - due) / interval) * interval
end

-- The first slot that is to be made (infinite: it is not known), and how many are to be made by
-- now. Slots that come while the queue is paused are skipped.
function recurrence.pending(template, queue, now)
  if queue.paused then
    return slots.nth(template, slots.before(template, now + 1)), 0
  end
  local first, count = slots.pending(template, now, queue.resumed)
  return slots.nth(template, first), count
end

-- Refuses options of a template that do not go together. calendar: whether it has one.
function recurrence.agree(options, calendar)
  local backlog = options.backlog or 0
  if backlog > 0 and (options.missed or "all") ~= "all" then
    refuse("INVALID", "backlog: belongs to missed all, and not to " .. options.missed)
  end
  if backlog > limits.NEWEST and calendar then
    refuse("INVALID", "backlog: with a calendar at most " .. limits.NEWEST .. ", or 0 for all")
  end
end

-- The next slot of a template that is given another interval: that long after the last slot, and
-- never a burst. Of slots that are still to be made one stays; one that is still to come for the
-- first time stays as it is.
function recurrence.paced(template, interval, now)
  local due = template.due
  local missed = recurrence.missed(due, template.interval, now)
  local last = due + (missed - 1) * template.interval
  if missed > 0 and not template.paused then
    return last + math.floor((now - last) / interval) * interval
  end
  if missed == 0 and due == template.first then
    return due
  end
  return recurrence.reached(last + interval, interval, now)
end

-- Which slots are made when at most `budget` can be: a list of { template's index, moment }, by the
-- moment. templates: each with its slots and missed. None has to wait for another to catch up.
function recurrence.slots(templates, budget)
  local list, turn, found = {}, 0, true
  while found do
    found = false
    for index = 1, #templates do
      local template = templates[index]
      if turn < template.missed and #list < budget then
        list[#list + 1] = { index = index, moment = slots.nth(template, turn) }
        found = true
      end
    end
    turn = turn + 1
  end
  table.sort(list, function(one, other)
    if one.moment == other.moment then
      return one.index < other.index
    end
    return one.moment < other.moment
  end)
  return list
end

local DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

-- The jid of a child: its partition and a number of the sequence, nine digits, so that jids sort as
-- they were made. Clients make longer ones.
function recurrence.jid(number)
  local digits = ""
  for _ = 1, 9 do
    local digit = number % 62
    digits = string.sub(DIGITS, digit + 1, digit + 1) .. digits
    number = (number - digit) / 62
  end
  return "00" .. digits
end

return recurrence
