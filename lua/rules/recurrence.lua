-- When recurring jobs are due. A template's slots are due, due + interval, due + 2 * interval and
-- so on, in whole milliseconds: never rounded, and reckoned by division however far behind it is.

local limits = require("rules.limits")

local recurrence = {}

-- Options of a template; true: as in rules/options.lua. All but the backlog are its children's.
-- backlog: how many missed slots are made up for at most, the newest of them; 0: all.
recurrence.OPTIONS = {
  priority = true,
  retries = true,
  tags = true,
  lease = true,
  run_within = true,
  kill_within = true,
  backoff = true,
  backoff_base = true,
  backoff_cap = true,
  backoff_jitter = true,
  context = true,
  keep_result = true,
  limits = true,
  order_key = true,
  tenant = true,
  retry_on = true,
  give_up_on = true,
  poison_after = true,
  start_within = true,
  if_late = true,
  finish_within = true,
  nonce = true,
  backlog = { kind = "integer", low = 0, high = limits.INTEGER - 1, default = 0, since = 1 },
}

-- What can be changed later, beside the payload.
recurrence.CHANGES = {
  priority = true,
  retries = true,
  tags = true,
  lease = true,
  run_within = true,
  kill_within = true,
  backoff = true,
  backoff_base = true,
  backoff_cap = true,
  backoff_jitter = true,
  context = true,
  keep_result = true,
  limits = true,
  order_key = true,
  tenant = true,
  retry_on = true,
  give_up_on = true,
  poison_after = true,
  start_within = true,
  if_late = true,
  finish_within = true,
  backlog = recurrence.OPTIONS.backlog,
  interval = { kind = "integer", low = 1, high = limits.CENTURY, since = 1 },
  queue = { kind = "text", most = limits.NAME, since = 1 },
  klass = { kind = "text", most = limits.NAME, since = 1 },
  paused = { kind = "flag", since = 1 },
}

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

-- The first slot that is to be made, and how many are to be made by now. Slots that come while the
-- queue is paused are skipped, and of more than the backlog allows the oldest.
function recurrence.pending(template, queue, now)
  local interval, backlog = template.interval, template.options.backlog or 0
  if queue.paused then
    return recurrence.reached(template.due, interval, now + 1), 0
  end
  local due = recurrence.reached(template.due, interval, queue.resumed)
  local count = recurrence.missed(due, interval, now)
  if backlog > 0 and count > backlog then
    due = due + (count - backlog) * interval
    count = backlog
  end
  return due, count
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
-- moment. templates: each with due, interval and missed. None has to wait for another to catch up.
function recurrence.slots(templates, budget)
  local slots, turn, found = {}, 0, true
  while found do
    found = false
    for index = 1, #templates do
      local template = templates[index]
      if turn < template.missed and #slots < budget then
        slots[#slots + 1] = { index = index, moment = template.due + turn * template.interval }
        found = true
      end
    end
    turn = turn + 1
  end
  table.sort(slots, function(one, other)
    if one.moment == other.moment then
      return one.index < other.index
    end
    return one.moment < other.moment
  end)
  return slots
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
