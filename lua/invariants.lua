-- What must hold for the data of a namespace after every call: the table of contents of checks/,
-- and the invariants of each kind of key.
--
-- A file of checks/ returns
--   keys: the kinds of keys that it accounts for, by the first word of their names. type: zset, set
--     or hash, when their members are looked at one by one. jid: where a jid starts in a member.
--     owner: the rest of the key's name is a jid. expires: how long a key lives, a function of the
--     step; none: it stays. mixed: some do and some do not, as an invariant of their own says.
--   invariants: a list, see lua/README.md: name; keys, members: the kinds of keys about which, or
--     about whose members, it says something; state, flags: of jobs, those in it alone, or those
--     with one of them; find(step, subject), which reads and returns what is wrong, or nil, and
--     true when it is not to be mended; mend(step, subject), if it can be.
--
-- A subject is what is looked at: kind, name (of the key, after the root), key, rest (of the name);
-- of a member also member and value (a score, or a hash's value). With a jid: jid, and the job's
-- record unless there is none.

local invariants = {}

local TOPICS = {
  "clock",
  "counts",
  "deadlines",
  "edges",
  "failures",
  "flows",
  "jobs",
  "keys",
  "lanes",
  "limits",
  "lines",
  "marks",
  "notes",
  "parents",
  "parking",
  "queues",
  "sides",
  "slots",
  "templates",
  "uniques",
  "weights",
  "workers",
}

-- By kind: what is said of it in checks/, and the invariants about keys and about members.
local index

local function entry(kind)
  index[kind] = index[kind] or { about = {}, keys = {}, members = {} }
  return index[kind]
end

local function note(list, kinds, invariant)
  for position = 1, #(kinds or {}) do
    table.insert(entry(kinds[position])[list], invariant)
  end
end

local function read(topic)
  for kind, about in pairs(topic.keys) do
    entry(kind).about = about
  end
  for position = 1, #topic.invariants do
    local invariant = topic.invariants[position]
    note("keys", invariant.keys, invariant)
    note("members", invariant.members, invariant)
  end
end

local function make()
  index = {}
  for position = 1, #TOPICS do
    read(require("checks." .. TOPICS[position]))
  end
  local general = entry("*").keys
  for kind, found in pairs(index) do
    if kind ~= "unknown" and kind ~= "*" then
      for position = 1, #general do
        table.insert(found.keys, general[position])
      end
    end
  end
end

-- What is known of a kind of key; of one that is not known, what is said of that.
function invariants.of(kind)
  if not index then
    make()
  end
  return index[kind] or index.unknown
end

return invariants
