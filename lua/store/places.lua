-- A job's place among those of its priority, as sorted sets have it: six bytes and the jid.

local places = {}

local PLACE = ">I6"
places.JID = 7 -- where the jid starts in a member

function places.member(record)
  return struct.pack(PLACE, record.place) .. record.jid
end

return places
