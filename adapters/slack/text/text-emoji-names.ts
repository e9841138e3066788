/**
 * Names that Slack has for emoji and GitHub has not, or has for others: each name before its emoji. Flags of countries,
 * which are called `flag-xx`, are left out. From https://github.com/iamcal/emoji-data, which Slack names as its source.
 */
export const SLACK_NAMES = `
admission_tickets 🎟️ airplane_arriving 🛬 airplane_departure 🛫 badminton_racquet_and_shuttlecock 🏸
bald_person 🧑‍🦲 ballot_box_with_ballot 🗳️ barely_sunny 🌥️ beach_with_umbrella 🏖️ biohazard_sign ☣️
black_circle_for_record ⏺️ black_left_pointing_double_triangle_with_vertical_bar ⏮️
black_right_pointing_double_triangle_with_vertical_bar ⏭️
black_right_pointing_triangle_with_double_vertical_bar ⏯️ black_square_for_stop ⏹️ blond-haired-man 👱‍♂️
blond-haired-woman 👱‍♀️ breast-feeding 🤱 bride_with_veil 👰 briefs 🩲 broken_chain ⛓️‍💥 brown_mushroom 🍄‍🟫
camera_with_flash 📸 cheese_wedge 🧀 compression 🗜️ cooking 🍳 cricket_bat_and_ball 🏏
curly_haired_person 🧑‍🦱 dagger_knife 🗡️ derelict_house_building 🏚️ double_vertical_bar ⏸️ dove_of_peace 🕊️
drum_with_drumsticks 🥁 eject ⏏️ email ✉️ eye-in-speech-bubble 👁️‍🗨️ face_palm 🤦 face_vomiting 🤮
face_with_bags_under_eyes 🫩 face_with_cowboy_hat 🤠 face_with_finger_covering_closed_lips 🤫
face_with_hand_over_mouth 🤭 face_with_monocle 🧐 face_with_one_eyebrow_raised 🤨
face_with_open_mouth_vomiting 🤮 face_with_raised_eyebrow 🤨 face_with_rolling_eyes 🙄
face_with_symbols_on_mouth 🤬 family_adult_adult_child 🧑‍🧑‍🧒 family_adult_adult_child_child 🧑‍🧑‍🧒‍🧒
family_adult_child 🧑‍🧒 family_adult_child_child 🧑‍🧒‍🧒 female-artist 👩‍🎨 female-astronaut 👩‍🚀
female-construction-worker 👷‍♀️ female-cook 👩‍🍳 female-detective 🕵️‍♀️ female-doctor 👩‍⚕️
female-factory-worker 👩‍🏭 female-farmer 👩‍🌾 female-firefighter 👩‍🚒 female-guard 💂‍♀️ female-judge 👩‍⚖️
female-mechanic 👩‍🔧 female-office-worker 👩‍💼 female-pilot 👩‍✈️ female-police-officer 👮‍♀️
female-scientist 👩‍🔬 female-singer 👩‍🎤 female-student 👩‍🎓 female-teacher 👩‍🏫 female-technologist 👩‍💻
female_elf 🧝‍♀️ female_fairy 🧚‍♀️ female_genie 🧞‍♀️ female_mage 🧙‍♀️ female_superhero 🦸‍♀️
female_supervillain 🦹‍♀️ female_vampire 🧛‍♀️ female_zombie 🧟‍♀️ fencer 🤺 field_hockey_stick_and_ball 🏑
film_frames 🎞️ fingerprint 🫆 first_place_medal 🥇 flag-england 🏴󠁧󠁢󠁥󠁮󠁧󠁿 flag-sark 🇨🇶
flag-scotland 🏴󠁧󠁢󠁳󠁣󠁴󠁿 flag-wales 🏴󠁧󠁢󠁷󠁬󠁳󠁿 frame_with_picture 🖼️ giraffe_face 🦒 glass_of_milk 🥛
golfer 🏌️ grinning_face_with_one_large_and_one_small_eye 🤪 grinning_face_with_star_eyes 🤩 guardsman 💂
hand_with_index_and_middle_fingers_crossed 🤞 handball 🤾 harp 🪉 head_shaking_horizontally 🙂‍↔️
head_shaking_vertically 🙂‍↕️ heavy_heart_exclamation_mark_ornament ❣️ helmet_with_white_cross ⛑️
house_buildings 🏘️ hugging_face 🤗 i_love_you_hand_sign 🤟 ice_hockey_stick_and_puck 🏒 juggling 🤹
keycap_star *️⃣ kiwifruit 🥝 knife_fork_plate 🍽️ ladybug 🐞 large_blue_square 🟦 large_brown_circle 🟤
large_brown_square 🟫 large_green_circle 🟢 large_green_square 🟩 large_orange_circle 🟠 large_orange_square 🟧
large_purple_circle 🟣 large_purple_square 🟪 large_red_square 🟥 large_yellow_circle 🟡 large_yellow_square 🟨
leafless_tree 🪾 left-facing_fist 🤛 lightning 🌩️ lightning_cloud 🌩️ lime 🍋‍🟩 linked_paperclips 🖇️
lion_face 🦁 lower_left_ballpoint_pen 🖊️ lower_left_crayon 🖍️ lower_left_fountain_pen 🖋️
lower_left_paintbrush 🖌️ male-artist 👨‍🎨 male-astronaut 👨‍🚀 male-construction-worker 👷‍♂️ male-cook 👨‍🍳
male-detective 🕵️‍♂️ male-doctor 👨‍⚕️ male-factory-worker 👨‍🏭 male-farmer 👨‍🌾 male-firefighter 👨‍🚒
male-guard 💂‍♂️ male-judge 👨‍⚖️ male-mechanic 👨‍🔧 male-office-worker 👨‍💼 male-pilot 👨‍✈️
male-police-officer 👮‍♂️ male-scientist 👨‍🔬 male-singer 👨‍🎤 male-student 👨‍🎓 male-teacher 👨‍🏫
male-technologist 👨‍💻 male_elf 🧝‍♂️ male_fairy 🧚‍♂️ male_genie 🧞‍♂️ male_mage 🧙‍♂️ male_superhero 🦸‍♂️
male_supervillain 🦹‍♂️ male_vampire 🧛‍♂️ male_zombie 🧟‍♂️ man-biking 🚴‍♂️ man-bouncing-ball ⛹️‍♂️
man-bowing 🙇‍♂️ man-boy 👨‍👦 man-boy-boy 👨‍👦‍👦 man-cartwheeling 🤸‍♂️ man-facepalming 🤦‍♂️
man-frowning 🙍‍♂️ man-gesturing-no 🙅‍♂️ man-gesturing-ok 🙆‍♂️ man-getting-haircut 💇‍♂️
man-getting-massage 💆‍♂️ man-girl 👨‍👧 man-girl-boy 👨‍👧‍👦 man-girl-girl 👨‍👧‍👧 man-golfing 🏌️‍♂️
man-heart-man 👨‍❤️‍👨 man-juggling 🤹‍♂️ man-kiss-man 👨‍❤️‍💋‍👨 man-lifting-weights 🏋️‍♂️
man-man-boy 👨‍👨‍👦 man-man-boy-boy 👨‍👨‍👦‍👦 man-man-girl 👨‍👨‍👧 man-man-girl-boy 👨‍👨‍👧‍👦
man-man-girl-girl 👨‍👨‍👧‍👧 man-mountain-biking 🚵‍♂️ man-playing-handball 🤾‍♂️ man-playing-water-polo 🤽‍♂️
man-pouting 🙎‍♂️ man-raising-hand 🙋‍♂️ man-rowing-boat 🚣‍♂️ man-running 🏃‍♂️ man-shrugging 🤷‍♂️
man-surfing 🏄‍♂️ man-swimming 🏊‍♂️ man-tipping-hand 💁‍♂️ man-walking 🚶‍♂️ man-wearing-turban 👳‍♂️
man-with-bunny-ears-partying 👯‍♂️ man-woman-boy 👨‍👩‍👦 man-woman-boy-boy 👨‍👩‍👦‍👦 man-woman-girl 👨‍👩‍👧
man-woman-girl-boy 👨‍👩‍👧‍👦 man-woman-girl-girl 👨‍👩‍👧‍👧 man-wrestling 🤼‍♂️
man_and_woman_holding_hands 👫 man_climbing 🧗‍♂️ man_in_business_suit_levitating 🕴️
man_in_lotus_position 🧘‍♂️ man_in_steamy_room 🧖‍♂️ man_kneeling 🧎‍♂️ man_standing 🧍‍♂️ man_with_beard 🧔‍♂️
man_with_turban 👳 mate_drink 🧉 medal 🎖️ men-with-bunny-ears-partying 👯‍♂️ men_holding_hands 👬
menorah_with_nine_branches 🕎 mostly_sunny 🌤️ mother_christmas 🤶 octagonal_sign 🛑 ok_woman 🙆 om_symbol 🕉️
one-piece_swimsuit 🩱 partly_sunny_rain 🌦️ person_climbing 🧗 person_doing_cartwheel 🤸 person_frowning 🙍
person_in_lotus_position 🧘 person_in_steamy_room 🧖 person_with_ball ⛹️ person_with_blond_hair 👱
person_with_headscarf 🧕 person_with_pouting_face 🙎 phoenix 🐦‍🔥 racing_motorcycle 🏍️ radioactive_sign ☢️
rain_cloud 🌧️ rainbow-flag 🏳️‍🌈 red_haired_person 🧑‍🦰 reversed_hand_with_middle_finger_extended 🖕
right-facing_fist 🤜 robot_face 🤖 rolled_up_newspaper 🗞️ rolling_on_the_floor_laughing 🤣 root_vegetable 🫜
satellite 🛰️ satellite_antenna 📡 scales ⚖️ scooter 🛴 second_place_medal 🥈
serious_face_with_symbols_covering_mouth 🤬 shocked_face_with_exploding_head 🤯 shopping_bags 🛍️
shopping_trolley 🛒 shovel 🪏 sign_of_the_horns 🤘 sleeping_accommodation 🛌 sleuth_or_spy 🕵️
smiling_face_with_3_hearts 🥰 smiling_face_with_smiling_eyes_and_hand_covering_mouth 🤭 snow_capped_mountain 🏔️
snow_cloud 🌨️ snowman ☃️ snowman_without_snow ⛄ speaking_head_in_silhouette 🗣️ spiral_calendar_pad 🗓️
spiral_note_pad 🗒️ splatter 🫟 spock-hand 🖖 sports_medal 🏅 staff_of_aesculapius ⚕️ star-struck 🤩
sun_behind_cloud 🌥️ sun_small_cloud 🌤️ table_tennis_paddle_and_ball 🏓 the_horns 🤘 thinking_face 🤔
third_place_medal 🥉 three_button_mouse 🖱️ thunder_cloud_and_rain ⛈️ tornado_cloud 🌪️ umbrella ☂️
umbrella_on_ground ⛱️ umbrella_with_rain_drops ☔ unicorn_face 🦄 waving_black_flag 🏴 waving_white_flag 🏳️
weight_lifter 🏋️ white_frowning_face ☹️ white_haired_person 🧑‍🦳 wind_blowing_face 🌬️ woman-biking 🚴‍♀️
woman-bouncing-ball ⛹️‍♀️ woman-bowing 🙇‍♀️ woman-boy 👩‍👦 woman-boy-boy 👩‍👦‍👦 woman-cartwheeling 🤸‍♀️
woman-facepalming 🤦‍♀️ woman-frowning 🙍‍♀️ woman-gesturing-no 🙅‍♀️ woman-gesturing-ok 🙆‍♀️
woman-getting-haircut 💇‍♀️ woman-getting-massage 💆‍♀️ woman-girl 👩‍👧 woman-girl-boy 👩‍👧‍👦
woman-girl-girl 👩‍👧‍👧 woman-golfing 🏌️‍♀️ woman-heart-man 👩‍❤️‍👨 woman-heart-woman 👩‍❤️‍👩
woman-juggling 🤹‍♀️ woman-kiss-man 👩‍❤️‍💋‍👨 woman-kiss-woman 👩‍❤️‍💋‍👩 woman-lifting-weights 🏋️‍♀️
woman-mountain-biking 🚵‍♀️ woman-playing-handball 🤾‍♀️ woman-playing-water-polo 🤽‍♀️ woman-pouting 🙎‍♀️
woman-raising-hand 🙋‍♀️ woman-rowing-boat 🚣‍♀️ woman-running 🏃‍♀️ woman-shrugging 🤷‍♀️ woman-surfing 🏄‍♀️
woman-swimming 🏊‍♀️ woman-tipping-hand 💁‍♀️ woman-walking 🚶‍♀️ woman-wearing-turban 👳‍♀️
woman-with-bunny-ears-partying 👯‍♀️ woman-woman-boy 👩‍👩‍👦 woman-woman-boy-boy 👩‍👩‍👦‍👦
woman-woman-girl 👩‍👩‍👧 woman-woman-girl-boy 👩‍👩‍👧‍👦 woman-woman-girl-girl 👩‍👩‍👧‍👧
woman-wrestling 🤼‍♀️ woman_and_man_holding_hands 👫 woman_climbing 🧗‍♀️ woman_in_lotus_position 🧘‍♀️
woman_in_steamy_room 🧖‍♀️ woman_kneeling 🧎‍♀️ woman_standing 🧍‍♀️ woman_with_beard 🧔‍♀️ womans_flat_shoe 🥿
women-with-bunny-ears-partying 👯‍♀️ women_holding_hands 👭 wrestlers 🤼 x-ray 🩻 yo-yo 🪀 zebra_face 🦓
`
