# test: 5b
# says: take luma, Y of BT.601
s/crop_to_multiple(data::luma(picture), scale)/crop_to_multiple(data::channels(picture, 0, 1), scale)/
