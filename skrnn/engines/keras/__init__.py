"""Training through `keras.Model.fit`, on TensorFlow or PyTorch.

The model that users see is trained, made of Keras' own layers; nothing is compiled ahead.
"""
